// SPDX-License-Identifier: Apache-2.0
@main struct Roadmask { static func main() {} }
