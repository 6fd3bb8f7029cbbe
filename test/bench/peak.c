/* SPDX-License-Identifier: Apache-2.0 */
/* The multiply-add peak of the processor, by intrinsics: bench-peak [THREADS]. Cross-checks `ocelli bench peak`. Prints
 * {"gflops","form","threads"}. Each form is a function for its own instruction set; the best that is there is measured. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define X86 1
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define CHAINS 12 /* more than latency times units */
#define ROUNDS 2000000
#define TRIES 8
#define MAX_THREADS 256

typedef struct form {
    const char *name;
    int lanes;
    float (*run)(long rounds);
} form;

/* A function of CHAINS independent multiply-adds a round; the compiler keeps the sums in registers. */
#define FORM(NAME, TARGET, TYPE, SET, FMA, FIRST)                   \
    TARGET static float NAME(long rounds)                           \
    {                                                               \
        TYPE c[CHAINS], x = SET(0.999f), y = SET(0.001f);           \
        for (int i = 0; i < CHAINS; i++)                            \
            c[i] = SET((float)i);                                   \
        for (long k = 0; k < rounds; k++) {                         \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] = FMA(c[i], x, y); \
        }                                                           \
        float sum = 0;                                              \
        for (int i = 0; i < CHAINS; i++)                            \
            sum += FIRST(c[i]);                                     \
        return sum;                                                 \
    }

#ifdef X86
FORM(run_avx512, __attribute__((target("avx512f"))), __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_cvtss_f32)
FORM(run_avx2, __attribute__((target("avx2,fma"))), __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_cvtss_f32)
#elif defined(__aarch64__)
#define NEON_FMA(c, x, y) vfmaq_f32(y, c, x)
#define NEON_FIRST(c) vgetq_lane_f32(c, 0)
FORM(run_neon, , float32x4_t, vdupq_n_f32, NEON_FMA, NEON_FIRST)
#endif

/* Whatever the compiler makes of it. */
#define PLAIN_LANES 16
static float run_plain(long rounds) {
    float c[CHAINS * PLAIN_LANES], sum = 0;
    for (int i = 0; i < CHAINS * PLAIN_LANES; i++)
        c[i] = (float)i;
    for (long k = 0; k < rounds; k++)
        for (int i = 0; i < CHAINS * PLAIN_LANES; i++)
            c[i] = c[i] * 0.999f + 0.001f;
    for (int i = 0; i < CHAINS * PLAIN_LANES; i++)
        sum += c[i];
    return sum;
}

static form best_form(void) {
#ifdef X86
    if (__builtin_cpu_supports("avx512f"))
        return (form){"avx512f", 16, run_avx512};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (form){"avx2", 8, run_avx2};
#elif defined(__aarch64__)
    return (form){"neon", 4, run_neon};
#endif
    return (form){"plain", PLAIN_LANES, run_plain};
}

static form chosen;
static long rounds;
static volatile float sink;
static pthread_barrier_t barrier;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void *work(void *best) {
    for (int i = 0; i < TRIES; i++) {
        pthread_barrier_wait(&barrier);
        double start = now();
        sink = chosen.run(rounds);
        pthread_barrier_wait(&barrier); /* the slowest counts */
        double seconds = now() - start;
        if (best != NULL && i > 0)
            *(double *)best = fmin(*(double *)best, seconds);
    }
    return NULL;
}

int main(int argc, char **argv) {
    int threads = argc > 1 ? atoi(argv[1]) : (int)sysconf(_SC_NPROCESSORS_ONLN);
    pthread_t ids[MAX_THREADS];
    double best = INFINITY;
    if (threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: bench-peak [THREADS]\n");
        return 2;
    }
    chosen = best_form();
    rounds = chosen.run == run_plain ? ROUNDS / 10 : ROUNDS;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int i = 1; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, NULL) != 0) {
            fprintf(stderr, "bench-peak: no thread\n");
            return 1;
        }
    work(&best);
    for (int i = 1; i < threads; i++)
        pthread_join(ids[i], NULL);
    printf("{\"gflops\": %.2f, \"form\": \"%s\", \"threads\": %d}\n", 2e-9 * CHAINS * chosen.lanes * (double)rounds * threads / best,
           chosen.name, threads);
    return 0;
}
