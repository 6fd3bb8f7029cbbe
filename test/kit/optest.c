/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/optest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench {
    kit *k;
    const optest_case *c;
    oc__arena arena;
    oc__problem p;
    double **in, **want, **got;
} bench;

static oc_error err;

static void set_layout(oc__desc *desc, const char *text) {
    oc__layout layout;
    if (text && oc__layout_parse(text, &layout) && layout.rank == desc->shape.rank)
        desc->layout = layout;
}

static double **make(oc__arena *arena, const oc__desc *descs, int count) {
    double **arrays = oc__arena_alloc(arena, sizeof(*arrays) * (size_t)OC_MAX(count, 1));
    for (int i = 0; i < count; i++)
        if (descs[i].dtype)
            arrays[i] = oc__arena_alloc(arena, sizeof(double) * (size_t)OC_MAX(oc_shape_count(&descs[i].shape), 1));
    return arrays;
}

static double stored(oc_dtype dtype, double value) {
    int64_t element;
    oc__element_set(dtype, &element, 0, value);
    return oc__element_get(dtype, &element, 0);
}

static void fill(const optest_case *c, const oc__op *op, const oc__desc *desc, int operand, double *out) {
    static const double special[] = {NAN, INFINITY, -INFINITY, -0.0};
    int64_t count = desc->dtype ? oc_shape_count(&desc->shape) : 0;
    for (int64_t i = 0; i < count; i++) {
        double u = oc__random_uniform(11, (uint64_t)operand, (uint64_t)i);
        if (!oc__is_real(desc->dtype))
            out[i] = floor(u * (desc->dtype == OC_BOOL ? 2 : c->flags & OPTEST_CLASSES ? 10 : 3));
        else if (c->flags & OPTEST_POSITIVE)
            out[i] = 0.01 + 1.98 * u;
        else if (op->flags & OC_OP_EXACT)
            out[i] = floor(u * 7) - 3;
        else
            out[i] = 3 * u - 1.5;
        if (c->flags & OPTEST_SPECIAL && oc__is_real(desc->dtype) && i % 5 == operand)
            out[i] = special[i / 5 % 4];
        out[i] = stored(desc->dtype, out[i]);
    }
}

static void setup_problem(bench *b, kit *k, const optest_case *c) {
    *b = (bench){.k = k, .c = c};
    oc__arena_init(&b->arena, k->context);
    KIT_OK(oc__problem_parse(&b->arena, c->problem, NULL, &b->p, &err), &err);
    for (int i = 0; i < b->p.in_count; i++)
        set_layout(&b->p.in[i], c->layout);
    for (int i = 0; i < b->p.out_count; i++)
        set_layout(&b->p.out[i], c->to ? c->to : c->layout);
    for (int i = 1; c->flags & OPTEST_NO_OPTIONAL && i < b->p.out_count; i++)
        b->p.out[i].dtype = OC_DTYPE_NONE;
}

/* Its operands, filled or given, and what they make in double precision. */
static void setup_values(bench *b, const double *const *in) {
    b->in = make(&b->arena, b->p.in, b->p.in_count);
    b->want = make(&b->arena, b->p.out, b->p.out_count);
    b->got = make(&b->arena, b->p.out, b->p.out_count);
    assert_non_null(b->in);
    for (int i = 0; i < b->p.in_count; i++) {
        if (in)
            memcpy(b->in[i], in[i], sizeof(double) * (size_t)oc_shape_count(&b->p.in[i].shape));
        else
            fill(b->c, b->p.op, &b->p.in[i], i, b->in[i]);
    }
    KIT_OK(b->p.op->host(b->k->context, &b->p, (const double *const *)b->in, b->want, &err), &err);
}

static void setup(bench *b, kit *k, const optest_case *c) {
    setup_problem(b, k, c);
    setup_values(b, NULL);
}

/* OCELLI_TEST_SMALL, for simulators: what a device does in no time takes them minutes. */
#define SMALL_WORK 300e3
static bool is_set(const char *name) {
    const char *wanted = getenv(name);
    return wanted && *wanted && strcmp(wanted, "0");
}

static bool too_large(const oc__problem *problem) {
    oc__cost cost = oc__problem_cost(problem);
    return is_set("OCELLI_TEST_SMALL") && cost.flops + cost.bytes > SMALL_WORK;
}

/* llvmpipe compiles ten seconds for one: OCELLI_TEST_LONE has them tried nevertheless. They are not chosen there (test/op/tune.c). */
static bool passed_over(const oc__solver *solver, const oc__caps *caps) {
    return solver->flags & OC_SOLVER_LONE && caps->simt_width > 1 && !is_set("OCELLI_TEST_LONE");
}

static void compare(bench *b, const oc__solver *solver, const char *text) {
    for (int i = 0; i < b->p.out_count; i++) {
        const oc__desc *desc = &b->p.out[i];
        if (!desc->dtype)
            continue;
        int64_t count = oc_shape_count(&desc->shape), finite = 0;
        bool inexact = solver->flags & OC_SOLVER_INEXACT, exact = (b->p.op->flags & OC_OP_EXACT) && !inexact && !(b->c->relative > 0);
        double relative = b->c->relative > 0 ? b->c->relative : desc->dtype == OC_F16 ? 1e-3 : desc->dtype == OC_BF16 ? 8e-3 : 1e-5, mean = 0;
        relative = inexact ? OC_MAX(relative, b->p.post.count ? 3e-4 : 5e-5) : relative;
        for (int64_t k = 0; k < count; k++)
            if (isfinite(b->want[i][k]))
                mean += fabs(b->want[i][k]), finite++;
        mean /= (double)OC_MAX(finite, 1);
        for (int64_t k = 0; k < count; k++) {
            double got = b->got[i][k], want = exact ? stored(desc->dtype, b->want[i][k]) : b->want[i][k];
            if (got == want || (isnan(got) && isnan(want)) || (!exact && fabs(got - want) <= relative * (fabs(want) + mean)))
                continue;
            fail_msg("%s on %s: element %lld of output %d is %.9g and should be %.9g", solver->name, text, (long long)k, i, got,
                     want);
        }
    }
}

static void run_solver(bench *b, const oc__solver *solver, const oc__variant *variant) {
    oc__rig rig;
    oc__string text;
    KIT_OK(oc__rig_init(&rig, b->k->device, &b->p, solver, variant, &err), &err);
    oc__string_init(&text, b->k->context);
    oc__problem_text(&rig.problem, &text);
    for (int i = 0; i < b->p.in_count; i++)
        if (b->p.in[i].dtype)
            KIT_OK(oc__rig_write(&rig, i, b->in[i], &err), &err);
    KIT_OK(oc__rig_run(&rig, &err), &err);
    for (int i = 0; i < b->p.out_count; i++) {
        bool zero = true;
        if (!b->p.out[i].dtype)
            continue;
        KIT_OK(oc__rig_read(&rig, i, b->got[i], &err), &err);
        KIT_OK(oc__rig_padding_is_zero(&rig, i, &zero, &err), &err);
        if (!zero)
            fail_msg("%s on %s: padding of output %d is not zero", solver->name, text.text, i);
    }
    compare(b, solver, text.text);
    oc__string_finish(&text);
    oc__rig_finish(&rig);
}

static void run_case(kit *k, const optest_case *c, const double *const *in) {
    bench b;
    setup_problem(&b, k, c);
    const oc__caps *caps = oc__device_caps(k->device);
    int fast = 0, refused = 0;
    if (too_large(&b.p)) {
        oc__arena_finish(&b.arena);
        return;
    }
    setup_values(&b, in);
    for (const oc__solver *const *solver = b.p.op->solvers; solver && *solver; solver++) {
        char why[OC_WHY] = "";
        oc__variant variant;
        if (passed_over(*solver, caps))
            continue;
        if (!(*solver)->applicable(&b.p, caps, why)) {
            refused += solver[1] == NULL;
            if (!solver[1] && strcmp(why, "the device has no double precision"))
                fail_msg("%s: the last solver refuses it: %s", c->problem, why);
            continue;
        }
        fast += solver[1] != NULL;
        oc__solver_variant(*solver, &b.p, caps, &variant);
        run_solver(&b, *solver, &variant);
    }
    if ((c->flags & OPTEST_NO_FAST) && fast)
        fail_msg("%s: a fast solver takes what only ref should", c->problem);
    bool local = caps->local_mem >= (c->flags & OPTEST_LOCAL ? 32768 : 4096);
    if (!(c->flags & (OPTEST_NO_FAST | OPTEST_ANY)) && !fast && !refused && caps->simt_width == 1 && local && b.p.op->solvers && b.p.op->solvers[1])
        fail_msg("%s: no fast solver takes it", c->problem);
    oc__arena_finish(&b.arena);
}

void optest_run(kit *k, const optest_case *c) {
    run_case(k, c, NULL);
}

void optest_values(kit *k, const char *problem, const double *const *in) {
    run_case(k, &(optest_case){problem, NULL, 0, 0}, in);
}

void optest_values_within(kit *k, const char *problem, const double *const *in, double relative) {
    run_case(k, &(optest_case){problem, NULL, 0, relative}, in);
}

/* The next combination of a space's values; false behind the last one. OCELLI_TEST_FEW, for drivers that compile for a second each:
 * each value once, with the others' first. */
static bool next_variant(const oc__tuning *space, int index[OC_MAX_TUNING], oc__variant *variant) {
    bool few = is_set("OCELLI_TEST_FEW"), found = false;
    int from = 0;
    for (int i = 0; few && space[i].name; i++)
        from = index[i] ? i : from;
    for (int i = from; space[i].name && !found; i++) {
        index[i]++;
        if (!space[i].values[index[i]])
            index[i] = 0;
        found = index[i] != 0;
    }
    for (int i = 0; space[i].name; i++)
        variant->value[i] = space[i].values[index[i]];
    return found;
}

void optest_variants(kit *k, const optest_case *c) {
    bench b;
    setup_problem(&b, k, c);
    bool tried = !too_large(&b.p);
    if (tried)
        setup_values(&b, NULL);
    for (const oc__solver *const *solver = b.p.op->solvers; tried && solver && *solver; solver++) {
        char why[OC_WHY] = "";
        int index[OC_MAX_TUNING] = {0};
        oc__variant variant = {{0}};
        if (!(*solver)->space || passed_over(*solver, oc__device_caps(k->device)) || !(*solver)->applicable(&b.p, oc__device_caps(k->device), why))
            continue;
        for (int i = 0; (*solver)->space[i].name; i++)
            variant.value[i] = (*solver)->space[i].values[0];
        do
            run_solver(&b, *solver, &variant);
        while (next_variant((*solver)->space, index, &variant));
    }
    oc__arena_finish(&b.arena);
}

void optest_run_all(const optest_case *cases, size_t count) {
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""}); /* binaries to be kept take longer to make than programs to be run */
    kit_open(&k);
    for (size_t i = 0; i < count; i++)
        optest_run(&k, &cases[i]);
    if (kit_logged(&k, "built once more")) /* for want of a function in lib/device/builtins.c */
        fail_msg("%.300s", strstr(k.log, "built once more"));
    kit_finish(&k);
}

void optest_chooses(kit *k, const optest_case *c, const char *name) {
    bench b;
    oc__candidate chosen;
    setup_problem(&b, k, c);
    KIT_OK(oc__choose(k->device, &b.p, false, &chosen, &err), &err);
    assert_string_equal(chosen.solver->name, name);
    oc__arena_finish(&b.arena);
}

static const oc__solver *find_solver(const oc__op *op, const char *name) {
    for (const oc__solver *const *solver = op->solvers; solver && *solver; solver++)
        if (!strcmp((*solver)->name, name))
            return *solver;
    fail_msg("%s has no solver %s", op->name, name);
    return NULL;
}

double optest_seconds(kit *k, const char *problem, const char *layout, const char *name, double *bytes) {
    optest_case c = {problem, layout, 0, 0};
    bench b;
    oc__rig rig;
    oc__variant variant;
    setup(&b, k, &c);
    const oc__solver *solver = find_solver(b.p.op, name);
    oc__solver_variant(solver, &b.p, oc__device_caps(k->device), &variant);
    KIT_OK(oc__rig_init(&rig, k->device, &b.p, solver, &variant, &err), &err);
    for (int i = 0; i < b.p.in_count; i++)
        if (b.p.in[i].dtype)
            KIT_OK(oc__rig_write(&rig, i, b.in[i], &err), &err);
    double best = 1e9;
    for (int i = 0; i < 12; i++) {
        double start = oc__clock_seconds();
        KIT_OK(oc__rig_run(&rig, &err), &err);
        best = fmin(best, oc__clock_seconds() - start);
    }
    *bytes = oc__problem_cost(&rig.problem).bytes;
    oc__rig_finish(&rig);
    oc__arena_finish(&b.arena);
    return best;
}
