/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring solvers and their variants. */
#include "op/tune.h"

#include <math.h>
#include <ocelli/bench.h>
#include <stdlib.h>
#include <string.h>

#define MOST_VARIANTS 64
#define ENOUGH 0.02 /* seconds of runs for a variant */
#define HOPELESS 100 /* times the best estimate: one run of it may take minutes, and a device be taken away for it */

bool oc__tune_mode_parse(const char *text, oc__tune_mode *mode) {
    static const char *const names[] = {"off", "fast", "full"};
    text = text ? text : getenv("OCELLI_TUNE");
    *mode = OC_TUNE_OFF;
    for (int i = 0; text && *text && i < 3; i++) {
        if (!strcmp(text, names[i])) {
            *mode = (oc__tune_mode)i;
            return true;
        }
    }
    return !text || !*text;
}

static oc_status fill(oc__rig *rig, oc_error *err) {
    for (int i = 0; i < rig->problem.in_count; i++) {
        const oc__desc *desc = &rig->problem.in[i];
        int64_t count = desc->dtype ? oc_shape_count(&desc->shape) : 0;
        if (count <= 0)
            continue;
        double *plain = oc__alloc_array(rig->arena.context, (size_t)count, sizeof(*plain));
        if (!plain)
            return oc__fail_memory(rig->arena.context, err, (size_t)count * sizeof(*plain));
        for (int64_t k = 0; k < count; k++)
            plain[k] = oc__is_float(desc->dtype) ? (double)(k * 7919 % 1009) / 1009 - 0.5 : (double)(k % 3);
        oc_status status = oc__rig_write(rig, i, plain, err);
        oc__free(rig->arena.context, plain);
        OC_TRY(status);
    }
    return OC_OK;
}

double oc__tune_limit(double wanted) {
    double seconds = wanted;
    const char *text = wanted > 0 ? NULL : getenv("OCELLI_TUNE_LIMIT"), *end;
    if (text && (!oc__parse_double(text, &end, &seconds) || *end))
        seconds = 0;
    return seconds > 0 ? seconds : 10;
}

/* The best of some runs until a time; gives up after the first if that is hopeless. */
static oc_status time_variant(oc_device *device, const oc__problem *p, const oc__solver *solver, const oc__variant *variant,
                              double best, double until, double *seconds, oc_error *err) {
    oc__rig rig;
    OC_TRY(oc__rig_init(&rig, device, p, solver, variant, err));
    oc_status status = fill(&rig, err);
    double spent = 0;
    *seconds = INFINITY;
    for (int i = 0; status == OC_OK && i < 50 && (i < 3 || spent < ENOUGH); i++) {
        double start = oc__clock_seconds();
        status = oc__rig_run(&rig, err);
        double took = oc__clock_seconds() - start;
        spent += i ? took : 0;
        *seconds = i ? fmin(*seconds, took) : took;
        if ((i == 0 && took > 20 * best && took > ENOUGH) || oc__clock_seconds() > until)
            break;
    }
    oc__rig_finish(&rig);
    return status;
}

/* The next combination of the space's values; false after the last. */
static bool next_variant(const oc__tuning *space, int *at, oc__variant *variant) {
    for (int i = 0; space && space[i].name; i++) {
        if (space[i].values[++at[i]]) {
            variant->value[i] = space[i].values[at[i]];
            return true;
        }
        at[i] = 0;
        variant->value[i] = space[i].values[0];
    }
    return false;
}

static oc_status tune_solver(oc_device *device, const oc__problem *p, const oc__solver *solver, oc__tune_mode mode, double limit,
                             const char *key, double *best, oc_error *err) {
    const oc__caps *caps = oc__device_caps(device);
    oc__variant variant, winner;
    double fastest = INFINITY;
    int at[OC_MAX_TUNING] = {0}, tried = 0;
    oc__solver_variant(solver, p, caps, &variant);
    winner = variant;
    bool more = true;
    while (more && tried++ < MOST_VARIANTS) {
        double seconds = INFINITY;
        oc_error ignored;
        double until = oc__clock_seconds() + limit;
        if (oc__verify(device, p, solver, &variant, &ignored) == OC_OK && (tried == 1 || oc__clock_seconds() < until))
            OC_TRY(time_variant(device, p, solver, &variant, fmin(*best, fastest), until, &seconds, err));
        if (oc__clock_seconds() > until)
            oc__log(oc__device_context(device), OC_LOG_INFO, "tuning: a variant of %s took more than %g s for %s", solver->name, limit, key);
        if (seconds < fastest) {
            fastest = seconds;
            winner = variant;
        }
        if (mode != OC_TUNE_FULL || !solver->space)
            break;
        if (tried == 1)
            for (int i = 0; solver->space[i].name; i++)
                variant.value[i] = solver->space[i].values[0];
        else
            more = next_variant(solver->space, at, &variant);
    }
    if (isfinite(fastest)) {
        oc__find_put(device, key, solver->name, &winner, fastest);
        *best = fmin(*best, fastest);
    }
    return OC_OK;
}

oc_status oc__tune(oc_device *device, const oc__problem *p, oc__tune_mode mode, double limit, oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc__string key;
    oc__string_init(&key, context);
    oc__find_key(p, &key);
    oc__candidate all[OC_MAX_CANDIDATES];
    oc_status status = OC_OK;
    int count = mode == OC_TUNE_OFF || key.failed ? 0 : oc__candidates(device, p, false, all);
    double best = INFINITY, least = INFINITY, seconds;
    for (int i = 0; i < count; i++)
        least = all[i].refused ? least : fmin(least, all[i].seconds);
    for (int i = 0; status == OC_OK && i < count; i++) {
        oc__variant variant;
        bool last = i == count - 1 && isfinite(best) && !p->op->custom; /* ref is there to be right, and measured where it is alone */
        bool hopeless = all[i].refused || last || all[i].seconds > HOPELESS * least;
        if (!hopeless && !oc__find_get(device, key.text, all[i].solver->name, true, &variant, &seconds))
            status = tune_solver(device, p, all[i].solver, mode, oc__tune_limit(limit), key.text, &best, err);
    }
    oc__string_finish(&key);
    return status;
}

/* The fastest of what was measured. */
static void report(oc_device *device, const oc__problem *p, const char *key, oc_bench_result *out) {
    *out = (oc_bench_result){.min_seconds = INFINITY};
    oc__cost cost = oc__problem_cost(p);
    for (int i = 0; p->op->solvers && p->op->solvers[i]; i++) {
        oc__variant variant;
        double seconds;
        if (!oc__find_get(device, key, p->op->solvers[i]->name, true, &variant, &seconds) || seconds >= out->min_seconds)
            continue;
        out->min_seconds = out->median_seconds = seconds;
        oc__format(out->solver, sizeof(out->solver), "%s", p->op->solvers[i]->name);
    }
    const char *source = strstr(key, ";src="); /* of the caller's ops */
    oc__format(out->problem, sizeof(out->problem), "%.*s", source ? (int)(source - key) : (int)strlen(key), key);
    oc__format(out->direction, sizeof(out->direction), "%s", p->op->direction ? p->op->direction : "fwd");
    out->flops = cost.flops;
    out->bytes = cost.bytes;
}

oc_status oc_bench_tune(oc_device *device, const char *problem, const char *direction, bool full, double limit,
                        oc_bench_result *out, oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc__arena arena;
    oc__problem p;
    oc__string key;
    oc__arena_init(&arena, context);
    oc__string_init(&key, context);
    oc_status status = oc__problem_parse(&arena, problem, direction, &p, err);
    if (status == OC_OK)
        status = oc__tune(device, &p, full ? OC_TUNE_FULL : OC_TUNE_FAST, limit, err);
    if (status == OC_OK)
        status = oc__find_save(device, err);
    if (status == OC_OK) {
        oc__find_key(&p, &key);
        report(device, &p, key.text, out);
    }
    oc__string_finish(&key);
    oc__arena_finish(&arena);
    return status;
}
