/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file bench.h
 * Timing single problems, named by their one-line texts (docs/problems.md), and a device's own peaks.
 */
#ifndef OCELLI_BENCH_H
#define OCELLI_BENCH_H

#include <stdbool.h>

#include <ocelli/device.h>

/** Peaks as measured by kernels that do nothing else. */
typedef struct oc_bench_peaks {
    double flops; /**< Multiply-add peak, FLOP/s (a multiply-add is two). */
    double bytes; /**< Copy bandwidth, bytes read plus bytes written per second. */
} oc_bench_peaks;

/** The times of one solver for one problem. */
typedef struct oc_bench_result {
    char problem[512]; /**< The problem's text. */
    char direction[16]; /**< fwd, bwd_data or bwd_weights. */
    char solver[64]; /**< Its name. */
    double median_seconds; /**< Of the runs. */
    double min_seconds;    /**< Of the fastest run. */
    double flops; /**< Of the problem, not of what the solver spends. */
    double bytes; /**< That must move at least. */
} oc_bench_result;

/** What placements over several devices are computed from. Seconds, FLOP/s, B/s. */
typedef struct oc_bench_speed {
    double flops;          /**< As oc_bench_peaks. */
    double bytes;          /**< As oc_bench_peaks. */
    double launch;         /**< What a step costs at least. */
    double wait;           /**< Until the host hears that a run is done. */
    double host_latency;   /**< Of transfers to and from the host. */
    double host_rate;      /**< Of transfers to and from the host. */
    double compute_factor; /**< Measured time over the solvers' estimates, for typical problems bound by computing. */
    double memory_factor;  /**< The same of problems bound by memory. */
} oc_bench_speed;

OC_BEGIN

/** Measures the peaks; takes about half a second. */
OC_EXPORT OC_MUST_USE oc_status oc_bench_peak(oc_device *device, oc_bench_peaks *out, oc_error *err);
/**
 * Times one problem.
 * @param direction "fwd", "bwd_data", "bwd_weights"; NULL: as the problem says, else forward.
 * @param solver a solver's name; NULL: the one that would be chosen.
 */
OC_EXPORT OC_MUST_USE oc_status oc_bench_problem(oc_device *device, const char *problem, const char *direction,
                                                 const char *solver, oc_bench_result *out, oc_error *err);

/**
 * Measures all solvers of a problem that were not measured yet, and keeps what is found in the cache folder.
 * Several processes may do so at once.
 * @param full every setting of every solver, not only the usual one.
 * @param limit seconds that one setting of one solver may take, compilation included. Default (0): `$OCELLI_TUNE_LIMIT`, else 10.
 * @param out receives the fastest.
 */
OC_EXPORT OC_MUST_USE oc_status oc_bench_tune(oc_device *device, const char *problem, const char *direction, bool full,
                                              double limit, oc_bench_result *out, oc_error *err);

/**
 * Measures what a device really does, and keeps it in the cache folder, where placements find it. Takes about a second, more where
 * programs must be built first.
 */
OC_EXPORT OC_MUST_USE oc_status oc_bench_calibrate(oc_device *device, oc_bench_speed *out, oc_error *err);

OC_END

#endif
