// SPDX-License-Identifier: Apache-2.0
// Contracts that trap.
#pragma once

// Ends the program where a kernel is called against its contract: says which condition, and aborts. Kernels ask once a
// call, which is some hundred thousand multiply-adds, so that it is asked in every build.
#define RM_EXPECT(condition) ((condition) ? (void)0 : rm_contract_broken(#condition, __func__))

__attribute__((noreturn, cold)) void rm_contract_broken(const char *condition, const char *where);
