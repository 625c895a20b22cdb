// SPDX-License-Identifier: Apache-2.0
// Shows the thread sanitizer what Swift's own libraries do, which it does not see, and without which it reports races
// where there are none. scripts/test preloads it. What it does not see:
// - where threads meet at a lock of Synchronization.Mutex; a lock that is free is taken within the program;
// - counts of references: whoever drops the last one, or is found to hold the only one, comes after all others.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// Of the sanitizer and of Swift; absent in programs without them.
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);
__attribute__((weak)) uintptr_t swift_retainCount(void *);

// The function NAME that this one stands before.
#define REAL(type, name)                                                    \
  static __typeof__(type) real;                                                       \
  if (!real) real = (type)dlsym(RTLD_NEXT, name)

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void (*LockSlow)(uint32_t thread, SELF);
typedef SWIFT void (*UnlockSlow)(SELF);

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK_SLOW);
SWIFT void lock_slow(uint32_t thread, SELF) {
  REAL(LockSlow, LOCK_SLOW);
  real(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF) __asm__(UNLOCK_SLOW);
SWIFT void unlock_slow(SELF) {
  REAL(UnlockSlow, UNLOCK_SLOW);
  if (__tsan_release) __tsan_release(self);
  real(self);
}

void swift_release(void *object) {
  REAL(void (*)(void *), "swift_release");
  // As Swift does, leaves out what is no address of an object.
  if (__tsan_acquire && (intptr_t)object > 0) {
    if (swift_retainCount(object) == 1) __tsan_acquire(object);
    else __tsan_release(object);
  }
  real(object);
}

bool swift_isUniquelyReferenced_nonNull_native(void *object) {
  REAL(bool (*)(void *), "swift_isUniquelyReferenced_nonNull_native");
  const bool is_unique = real(object);
  if (is_unique && __tsan_acquire) __tsan_acquire(object);
  return is_unique;
}
