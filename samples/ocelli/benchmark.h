/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of ocelli bench. */
#ifndef BENCHMARK_H
#define BENCHMARK_H

#include "app.h"
#include "session.h"

#define TOO_LARGE 1.02 /* a share of the multiply-add peak above this is an error of measurement */

/* One problem that was timed, or one step of a model. */
typedef struct record {
    char *problem, *solver, *node; /* node: NULL for no step */
    char direction[16];
    double median, min;   /* seconds */
    double flops, bytes;  /* of the problem */
} record;

/* What an earlier run wrote. */
typedef struct old_record {
    char *problem, *direction, *solver;
    double median; /* seconds */
} old_record;

typedef struct bench {
    app app;
    const char *batch_file, *direction, *solver, *svg, *compare;
    bool layers;
    int64_t repeat;
    arg_list dims;
    double peak; /* GFLOP/s, given; 0: measured */
    oc_bench_peaks peaks;
    record *records;
    size_t record_count;
    old_record *old;
    size_t old_count;
    bool wrong; /* a share was too large */
} bench;

typedef struct share {
    double compute, memory; /* of the multiply-add peak, of the copy rate */
    double largest;
    const char *bound; /* "flops" or "bytes" */
} share;

/* bench.c */
share share_of(const bench *b, const record *r);
bool saves_flops(const char *solver); /* needs fewer multiplications than the problem is counted with */
bool measure_peaks(bench *b);         /* once; false after a sentence */
int add_record(bench *b, record *r);  /* takes its texts; keeps and reports it */
int problem_size(const char *text);   /* without its layouts */

/* Each gives an exit code, after a sentence if it is not EXIT_DONE. */
int bench_model(bench *b, const char *path, const oc_dim_binding *dims);
int roofline_write(const bench *b, const char *path);
int compare_read(bench *b, const char *path);

const old_record *compare_find(const bench *b, const record *r, double *median); /* mean of equal ones; NULL: none */
void compare_print(const bench *b);
void compare_free(bench *b);

#endif
