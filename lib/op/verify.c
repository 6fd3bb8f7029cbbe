/* SPDX-License-Identifier: Apache-2.0 */
/* Trust: every solver is proven against the op's definition in host C, on the user's device, on a small problem with the same
 * tails; where that takes long, `ref` is proven, and the others against `ref`. Drivers miscompile; here it is found out. */
#include <math.h>
#include <string.h>

#include "device/sources.h"
#include "op/rig.h"

typedef struct arrays {
    oc_context *context;
    const oc__problem *p;
    double **in, **got, **want;
    double first_runs; /* seconds in launches */
} arrays;

static double **make_arrays(oc_context *context, const oc__desc *descs, int count) {
    double **arrays = oc__alloc_array(context, (size_t)OC_MAX(count, 1), sizeof(*arrays));
    for (int i = 0; arrays && i < count; i++) {
        int64_t size = descs[i].dtype ? oc_shape_count(&descs[i].shape) : 0;
        if (descs[i].dtype)
            arrays[i] = oc__alloc_array(context, (size_t)OC_MAX(size, 1), sizeof(double));
    }
    return arrays;
}

static void free_arrays(oc_context *context, double **arrays, int count) {
    for (int i = 0; arrays && i < count; i++)
        oc__free(context, arrays[i]);
    oc__free(context, arrays);
}

/* Small integers, whose sums and products are exact in float32; class numbers and positions for integer operands. */
static void fill(const oc__desc *desc, bool exact, int operand, double *out) {
    int64_t count = oc_shape_count(&desc->shape);
    for (int64_t i = 0; i < count; i++) {
        double u = oc__random_uniform(7, (uint64_t)operand, (uint64_t)i);
        if (!oc__is_float(desc->dtype))
            out[i] = floor(u * (desc->dtype == OC_BOOL ? 2 : 3));
        else if (exact)
            out[i] = floor(u * 5) - 2;
        else
            out[i] = oc__float_from_half(oc__half_from_float((float)(u * 2 - 0.75)));
    }
}

static bool is_right(const oc__desc *desc, bool exact, const double *got, const double *want, int64_t *where) {
    int64_t count = oc_shape_count(&desc->shape);
    double relative = desc->dtype == OC_F16 ? 4e-3 : desc->dtype == OC_BF16 ? 2e-2 : 2e-4, largest = 0;
    for (int64_t i = 0; i < count; i++)
        largest = isfinite(want[i]) ? fmax(largest, fabs(want[i])) : largest;
    for (int64_t i = 0; i < count; i++) {
        double a = got[i], b = want[i];
        bool same = a == b || (isnan(a) && isnan(b));
        if (!same && (exact || !(fabs(a - b) <= relative * (fabs(b) + 0.1 * largest + 1e-3)))) {
            *where = i;
            return false;
        }
    }
    return true;
}

static oc_status run(oc_device *device, arrays *a, const oc__solver *solver, const oc__variant *variant, double **out,
                     bool *padding_ok, oc_error *err) {
    const oc__problem *p = a->p;
    oc__rig rig;
    OC_TRY(oc__rig_init(&rig, device, p, solver, variant, err));
    oc_status status = OC_OK;
    for (int i = 0; status == OC_OK && i < p->in_count; i++)
        if (p->in[i].dtype)
            status = oc__rig_write(&rig, i, a->in[i], err);
    double start = oc__clock_seconds();
    if (status == OC_OK)
        status = oc__rig_run(&rig, err);
    a->first_runs += oc__clock_seconds() - start;
    for (int i = 0; status == OC_OK && i < p->out_count; i++) {
        bool ok = true;
        if (!p->out[i].dtype)
            continue;
        status = oc__rig_read(&rig, i, out[i], err);
        if (status == OC_OK)
            status = oc__rig_padding_is_zero(&rig, i, &ok, err);
        *padding_ok = *padding_ok && ok;
    }
    oc__rig_finish(&rig);
    return status;
}

static const oc__solver *reference_of(const oc__op *op) {
    int i = 0;
    while (op->solvers[i + 1])
        i++;
    return op->solvers[i];
}

/* The definition costs less than compiling `ref`; of the caller's ops, no kernel is the measure of the others. */
static bool is_quick(const oc__problem *p) {
    oc__cost cost = oc__problem_cost(p);
    return p->op->custom || (cost.flops < 1e7 && cost.bytes < 1e7);
}

/* What the solver should give: the op's definition, rounded to the output's type, or what `ref` gives. */
static oc_status expected(oc_device *device, arrays *a, const oc__solver *ref, bool is_ref, oc_error *err) {
    bool padding = true;
    oc__variant none = {{0}};
    if (!is_ref && !is_quick(a->p))
        return run(device, a, ref, &none, a->want, &padding, err);
    OC_TRY(a->p->op->host(a->context, a->p, (const double *const *)a->in, a->want, err));
    for (int i = 0; i < a->p->out_count; i++) {
        int64_t count = a->p->out[i].dtype ? oc_shape_count(&a->p->out[i].shape) : 0, element[1];
        for (int64_t k = 0; k < count; k++) {
            oc__element_set(a->p->out[i].dtype, element, 0, a->want[i][k]);
            a->want[i][k] = oc__element_get(a->p->out[i].dtype, element, 0);
        }
    }
    return OC_OK;
}

static oc_status compare(oc_device *device, arrays *a, const oc__solver *solver, const oc__variant *variant, const char *text,
                         oc_error *err) {
    const oc__solver *ref = reference_of(a->p->op);
    bool exact = (a->p->op->flags & OC_OP_EXACT) && !(solver->flags & OC_SOLVER_INEXACT) && a->p->post.count == 0, padding = true;
    for (int i = 0; i < a->p->in_count; i++)
        if (a->p->in[i].dtype)
            fill(&a->p->in[i], a->p->op->flags & OC_OP_EXACT, i, a->in[i]);
    OC_TRY(expected(device, a, ref, solver == ref, err));
    OC_TRY(run(device, a, solver, variant, a->got, &padding, err));
    for (int i = 0; i < a->p->out_count; i++) {
        int64_t at = 0;
        if (a->p->out[i].dtype && !is_right(&a->p->out[i], exact, a->got[i], a->want[i], &at))
            return oc__fail(a->context, err, OC_ERROR_TRUST,
                            "%s gave a wrong result on %s: %s: element %lld of output %d is %.9g and should be %.9g",
                            solver->name, oc_device_get_info(device)->name, text, (long long)at, i, a->got[i][at], a->want[i][at]);
    }
    if (!padding)
        return oc__fail(a->context, err, OC_ERROR_TRUST, "%s left padding lanes that are not zero on %s: %s", solver->name,
                        oc_device_get_info(device)->name, text);
    return OC_OK;
}

static oc_status try_small(oc_device *device, const oc__problem *small, const oc__solver *solver, const oc__variant *variant,
                           const char *text, oc_error *err) {
    oc_context *context = oc__device_context(device);
    double start = oc__clock_seconds();
    arrays a = {.context = context, .p = small, .in = make_arrays(context, small->in, small->in_count),
                .got = make_arrays(context, small->out, small->out_count),
                .want = make_arrays(context, small->out, small->out_count)};
    oc_status status = OC_OK;
    for (int i = 0; i < small->in_count; i++)
        if (!a.in || (small->in[i].dtype && !a.in[i]))
            status = OC_ERROR_MEMORY;
    for (int i = 0; i < small->out_count; i++)
        if (!a.got || !a.want || (small->out[i].dtype && (!a.got[i] || !a.want[i])))
            status = OC_ERROR_MEMORY;
    status = status == OC_OK ? compare(device, &a, solver, variant, text, err) : oc__fail_memory(context, err, 0);
    free_arrays(context, a.in, small->in_count);
    free_arrays(context, a.got, small->out_count);
    free_arrays(context, a.want, small->out_count);
    double seconds = oc__clock_seconds() - start;
    oc__device_count_verdict(device, seconds, a.first_runs);
    oc__log(context, OC_LOG_DEBUG, "verified %s in %.1f ms, first runs %.1f ms of them: %s", solver->name, 1e3 * seconds,
            1e3 * a.first_runs, text);
    return status;
}

/* "device|solver|variant|problem|source": what a verdict depends on. Of the caller's ops, whose definitions no digest holds, one is
 * another than all before it. */
static void verdict_key(oc_device *device, const oc__op *op, const oc__solver *solver, const oc__variant *variant, const char *text,
                        oc__string *key) {
    oc__string_printf(key, "%s|%s|", oc__device_key(device), solver->name);
    for (int i = 0; i < OC_MAX_TUNING; i++)
        oc__string_printf(key, "%d,", variant->value[i]);
    oc__string_printf(key, "|%s|%s", text, op->key ? op->key : oc__sources_digest);
    if (op->custom)
        oc__string_printf(key, "|%llu", (unsigned long long)op->serial);
}

static oc_status judge(oc_device *device, const oc__problem *small, const oc__solver *solver, const oc__variant *variant,
                       oc_error *err) {
    oc_context *context = oc__device_context(device);
    oc__string text, key, kept;
    oc__string_init(&text, context);
    oc__string_init(&key, context);
    oc__string_init(&kept, context);
    oc__problem_text(small, &text);
    verdict_key(device, small->op, solver, variant, text.text, &key);
    bool keep = !context->kernels[0] && !small->op->custom; /* kernels from a folder change behind the digest's back */
    char verdict[8] = "";
    oc_status status = text.failed || key.failed ? oc__fail_memory(context, err, key.size) : OC_OK;
    if (status == OC_OK && !oc__device_note_get(device, key.text, verdict, sizeof(verdict)) &&
        keep && oc__cache_get(context, "verdict", key.text, &kept) && kept.size < sizeof(verdict))
        memcpy(verdict, kept.text, kept.size);
    if (status != OC_OK) {
        /* a cut key would be that of another problem */
    } else if (!strcmp(verdict, "wrong")) {
        status = oc__fail(context, err, OC_ERROR_TRUST, "%s was found to give wrong results on %s: %s", solver->name,
                          oc_device_get_info(device)->name, text.text);
    } else if (strcmp(verdict, "right")) {
        status = try_small(device, small, solver, variant, text.text, err);
        if (status == OC_OK || status == OC_ERROR_TRUST) {
            const char *now = status == OC_OK ? "right" : "wrong";
            oc__device_note_set(device, key.text, now);
            if (keep)
                oc__cache_put(context, "verdict", key.text, now, strlen(now));
        }
    } else {
        oc__device_note_set(device, key.text, verdict);
    }
    oc__string_finish(&text);
    oc__string_finish(&key);
    oc__string_finish(&kept);
    return status;
}

/* What has no definition is built at least. */
static oc_status try_build(oc_device *device, const oc__problem *problem, const oc__solver *solver, const oc__variant *variant, oc_error *err) {
    oc__arena arena;
    oc__problem small;
    oc__rig rig;
    oc__arena_init(&arena, oc__device_context(device));
    oc_status status = oc__problem_shrink(oc__device_context(device), &arena, problem, &small, err);
    if (status == OC_OK)
        status = oc__rig_init(&rig, device, &small, solver, variant, err);
    if (status == OC_OK)
        oc__rig_finish(&rig);
    oc__arena_finish(&arena);
    return status;
}

oc_status oc__verify(oc_device *device, const oc__problem *problem, const oc__solver *solver, const oc__variant *variant,
                     oc_error *err) {
    oc_context *context = oc__device_context(device);
    if (!problem->op->host)
        return problem->op->custom ? try_build(device, problem, solver, variant, err) : OC_OK;
    oc__arena arena;
    oc__problem small;
    oc__arena_init(&arena, context);
    oc_status status = oc__problem_shrink(context, &arena, problem, &small, err);
    const oc__solver *ref = reference_of(problem->op);
    oc__variant none = {{0}};
    if (status == OC_OK && solver != ref && !is_quick(&small)) {
        oc__problem plain;
        status = oc__problem_copy(&arena, &small, &plain, err);
        if (status == OC_OK) {
            oc__problem_adopt_layouts(&plain, ref, oc__device_caps(device));
            status = judge(device, &plain, ref, &none, err);
        }
    }
    if (status == OC_OK) {
        oc__problem_adopt_layouts(&small, solver, oc__device_caps(device));
        status = judge(device, &small, solver, variant, err);
    }
    oc__arena_finish(&arena);
    return status;
}
