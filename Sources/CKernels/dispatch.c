// Finds once, at run time, which kernel tables this processor can run.
#include "tables.h"

#include <pthread.h>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__)
/// Linux lets a process use tile registers once it has asked, as their 8 KiB are kept for each of its threads (since 5.16:
/// Documentation/arch/x86/xstate.rst).
static int may_use_tiles(void) {
#if defined(__linux__)
    enum { request_permission = 0x1023, tile_data = 18 };
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
    return 0;
#endif
}

static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw");
}

static int has_bf16(void) { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }

static int has_amx(void) {
    return has_bf16() && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && may_use_tiles();
}

/// On Intel a dot product of bf16 takes four times as long as a multiply-add, so that bf16 without tiles is slower than fp32.
static int has_quick_dots(void) { return has_bf16() && !__builtin_cpu_is("intel"); }
static int has_slow_dots(void) { return has_bf16() && __builtin_cpu_is("intel"); }
#endif

static int always(void) { return 1; }

/// All tables, fastest first, each with the test that this processor must pass. One that has two places has tests that exclude each other.
static const struct {
    const mela_kernels *table;
    int (*can_run)(void);
} candidates[] = {
#if defined(__x86_64__)
    {&mela_kernels_amx, has_amx},
    {&mela_kernels_avx512bf16, has_quick_dots},
    {&mela_kernels_avx512, has_avx512},
    {&mela_kernels_avx512bf16, has_slow_dots},
    {&mela_kernels_avx2, has_avx2},
#endif
    {&mela_kernels_baseline, always},
    {&mela_kernels_reference, always},
};

enum { candidate_count = sizeof candidates / sizeof candidates[0] };

static const mela_kernels *available[candidate_count];
static size_t available_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_available(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
    for (size_t index = 0; index < candidate_count; index++)
        if (candidates[index].can_run()) available[available_count++] = candidates[index].table;
}

const mela_kernels *mela_kernels_at(size_t index) {
    pthread_once(&once, find_available);
    return index < available_count ? available[index] : NULL;
}
