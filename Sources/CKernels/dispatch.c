// Finds once, at run time, which kernel tables this processor can run.
#include "tables.h"

#include <pthread.h>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

static const mela_kernels *available[6];
static size_t available_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

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
#endif

static void find_available(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    const int has_bf16 = has_avx512 && __builtin_cpu_supports("avx512bf16");
    if (has_bf16 && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-bf16") && may_use_tiles())
        available[available_count++] = &mela_kernels_amx;
    // On Intel a dot product of bf16 takes four times as long as a multiply-add, so that bf16 without tiles is slower than fp32.
    const int has_slow_dots = __builtin_cpu_is("intel");
    if (has_bf16 && !has_slow_dots) available[available_count++] = &mela_kernels_avx512bf16;
    if (has_avx512) available[available_count++] = &mela_kernels_avx512;
    if (has_bf16 && has_slow_dots) available[available_count++] = &mela_kernels_avx512bf16;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        available[available_count++] = &mela_kernels_avx2;
#endif
    available[available_count++] = &mela_kernels_baseline;
    available[available_count++] = &mela_kernels_reference;
}

const mela_kernels *mela_kernels_at(size_t index) {
    pthread_once(&once, find_available);
    return index < available_count ? available[index] : NULL;
}
