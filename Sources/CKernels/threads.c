// What threads that run passes need: hints while they wait, and how they treat subnormal numbers.
#include "CKernels.h"

#include <sched.h>

void mela_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void mela_yield(void) { sched_yield(); }

#if defined(__x86_64__)
/// MXCSR's FTZ, for results, and DAZ, for operands.
enum { flush_subnormals = 1 << 15 | 1 << 6 };
static uint64_t float_mode(void) { return __builtin_ia32_stmxcsr(); }
static void set_float_mode(uint64_t mode) { __builtin_ia32_ldmxcsr((uint32_t)mode); }
#elif defined(__aarch64__)
/// FPCR's FZ, for both.
enum { flush_subnormals = 1 << 24 };
static uint64_t float_mode(void) {
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static void set_float_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
#else
enum { flush_subnormals = 0 };
static uint64_t float_mode(void) { return 0; }
static void set_float_mode(uint64_t mode) { (void)mode; }
#endif

uint64_t mela_flush_subnormals(void) {
    const uint64_t before = float_mode();
    set_float_mode(before | flush_subnormals);
    return before;
}

void mela_treat_subnormals(uint64_t as_before) { set_float_mode(as_before); }
