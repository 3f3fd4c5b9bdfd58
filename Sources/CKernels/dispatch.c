// Finds once, at run time, which kernel tables this processor can run; what waiting threads need.
#include "tables.h"

#include <pthread.h>
#include <sched.h>

static const mela_kernels *available[5];
static size_t available_count;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_available(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const int has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (has_avx512 && __builtin_cpu_supports("avx512bf16")) available[available_count++] = &mela_kernels_avx512bf16;
    if (has_avx512) available[available_count++] = &mela_kernels_avx512;
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

void mela_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void mela_yield(void) { sched_yield(); }
