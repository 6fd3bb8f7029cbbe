/* SPDX-License-Identifier: Apache-2.0 */
/* Reorders as a nest of loops over strides: axes are cut where either layout cuts them, what lies one behind the other in both is
 * joined again, and what is left is walked so that both sides are read and written in runs. */
#include <string.h>

#include "op/reorder.h"
#include "op/room.h"

#define MAX_LOOPS (OC_MAX_RANK + 2 * OC_MAX_BLOCKS)
#define MAX_CUT 3   /* axes that are cut into blocks; this number itself stands for a whole axis */
#define MAX_OUTER 6 /* as in the kernel */

typedef struct loop {
    int64_t size, src, dst, weight; /* steps in elements, and of the axis' index */
    int cut;                        /* number of the cut axis, MAX_CUT for a whole one */
} loop;

typedef struct walk {
    loop loops[MAX_LOOPS];
    int count, cuts, m, s, d; /* which loops are m, s, d of the kernel; -1: none */
    int64_t limit[MAX_CUT], padded[MAX_CUT];
} walk;

static int compare_bounds(const int64_t *bounds, int count, int64_t value) {
    for (int i = 0; i < count; i++)
        if (bounds[i] == value)
            return i;
    return -1;
}

/* Adds the indices at which a layout cuts an axis: 16, 32 for blocks of 2 times 16. */
static void add_bounds(const oc__layout *layout, int axis, int64_t *bounds, int *count) {
    int64_t within = 1;
    for (int i = layout->block_count - 1; i >= 0; i--)
        if (layout->block_axis[i] == axis) {
            within *= layout->block_size[i];
            if (compare_bounds(bounds, *count, within) < 0)
                bounds[(*count)++] = within;
        }
}

static void sort(int64_t *values, int count) {
    for (int i = 1; i < count; i++)
        for (int k = i; k > 0 && values[k] < values[k - 1]; k--) {
            int64_t value = values[k];
            values[k] = values[k - 1];
            values[k - 1] = value;
        }
}

/* Elements from one index of an axis to the next but `weight`. */
static int64_t stride_of(const oc__desc *desc, int64_t stride0, int axis, int64_t weight) {
    int64_t outer[OC_MAX_RANK], inner[OC_MAX_BLOCKS], within = 1;
    const oc__layout *layout = &desc->layout;
    oc__layout_strides(layout, &desc->shape, outer, inner);
    for (int i = layout->block_count - 1; i >= 0; i--)
        if (layout->block_axis[i] == axis) {
            if (weight < within * layout->block_size[i])
                return weight / within * inner[i];
            within *= layout->block_size[i];
        }
    return weight / within * (axis == 0 && layout->order[0] == 0 ? stride0 : outer[axis]);
}

static int64_t round_up(int64_t value, int64_t step) {
    return (value + step - 1) / step * step;
}

/* The loops of one axis, outermost first. False: its blocks do not fit into each other, or there are too many cut axes. */
static bool add_axis(walk *w, const oc__desc *src, const oc__desc *dst, int64_t src0, int64_t dst0, int axis) {
    int64_t bounds[2 * OC_MAX_BLOCKS + 2] = {1}, size = src->shape.dims[axis];
    int count = 1, cut = MAX_CUT;
    add_bounds(&src->layout, axis, bounds, &count);
    add_bounds(&dst->layout, axis, bounds, &count);
    sort(bounds, count);
    if (count > 1) {
        if (w->cuts == MAX_CUT)
            return false;
        cut = w->cuts++;
        w->limit[cut] = size;
        w->padded[cut] = round_up(size, oc__layout_block(&dst->layout, axis));
    }
    bounds[count] = round_up(size, bounds[count - 1]);
    for (int i = count - 1; i >= 0; i--) {
        if (bounds[i + 1] % bounds[i])
            return false;
        loop one = {bounds[i + 1] / bounds[i], stride_of(src, src0, axis, bounds[i]), stride_of(dst, dst0, axis, bounds[i]), bounds[i],
                    cut};
        if (one.size > 1)
            w->loops[w->count++] = one;
    }
    return true;
}

/* Joins whole axes that lie one behind the other in both layouts. */
static void join(walk *w) {
    for (int i = 0; i < w->count; i++)
        for (int k = 0; k < w->count; k++) {
            loop *outer = &w->loops[i], *inner = &w->loops[k];
            if (i == k || outer->cut < MAX_CUT || inner->cut < MAX_CUT || outer->src != inner->src * inner->size ||
                outer->dst != inner->dst * inner->size)
                continue;
            inner->size *= outer->size;
            memmove(outer, outer + 1, (size_t)(w->count - i - 1) * sizeof(*outer));
            w->count--;
            i = k = -1; /* from the beginning */
            break;
        }
}

static void choose_loops(walk *w) {
    w->m = w->s = w->d = -1;
    for (int i = 0; i < w->count; i++) {
        w->d = w->loops[i].dst == 1 ? i : w->d;
        w->s = w->loops[i].src == 1 ? i : w->s;
    }
    if (w->s < 0 || w->d < 0)
        w->s = w->d = -1;
    for (int i = 0; i < w->count; i++)
        if (i != w->s && i != w->d && w->loops[i].size < 1024 && (w->m < 0 || w->loops[i].src < w->loops[w->m].src))
            w->m = i;
}

static bool walk_of(const oc__desc *src, const oc__desc *dst, int64_t src0, int64_t dst0, walk *w) {
    *w = (walk){.limit = {1, 1, 1}, .padded = {1, 1, 1}};
    for (int axis = 0; axis < src->shape.rank; axis++)
        if (!add_axis(w, src, dst, src0, dst0, axis))
            return false;
    join(w);
    choose_loops(w);
    int inner = (w->m >= 0) + (w->s >= 0) + (w->d >= 0 && w->d != w->s);
    return w->count - inner <= MAX_OUTER;
}

static int64_t dense0(const oc__desc *desc) {
    int64_t outer[OC_MAX_RANK] = {0}, inner[OC_MAX_BLOCKS];
    oc__layout_strides(&desc->layout, &desc->shape, outer, inner);
    return outer[0];
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    walk w;
    if (!oc__lone_fits(p, caps, why))
        return false;
    if (oc__count(&p->in[0].shape) == 0 || p->in[0].shape.rank == 0)
        return oc__refuse(why, "nothing to walk over");
    if (!walk_of(&p->in[0], &p->out[0], dense0(&p->in[0]), dense0(&p->out[0]), &w))
        return oc__refuse(why, "the blocks of one layout do not fit into those of the other, or there are too many");
    return true;
}

/* Work-items do a few thousand elements: runs of s, where the outer loops alone leave too few. */
static int64_t run_of(const walk *w, int64_t outer) {
    int64_t s = w->s == w->d ? 1 : w->loops[w->s].size, inner = w->d < 0 ? 1 : w->loops[w->d].size;
    int64_t wanted = OC_MAX(1, 4096 / OC_MAX(inner * (w->m < 0 ? 1 : w->loops[w->m].size), 1));
    return outer > 64 ? s : OC_MIN(s, round_up(OC_MAX(wanted, s * outer / 64), 16));
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    walk w;
    if (!walk_of(&p->in[0], &p->out[0], dense0(&p->in[0]), dense0(&p->out[0]), &w))
        return oc__estimate_roofline(p, caps, 1, 0.05);
    bool runs = w.s == w.d ? w.s < 0 || w.loops[w.s].size >= 16 : w.loops[w.s].size >= 16 && w.loops[w.d].size >= 16;
    return oc__estimate_roofline(p, caps, 1, runs && p->in[0].dtype == OC_F32 ? 0.9 : 0.6);
}

static void add_loop(oc__steps *steps, oc__step *step, const loop *one) {
    oc__step_i64(steps, step, one->size);
    oc__step_i64(steps, step, one->src);
    oc__step_i64(steps, step, one->dst);
    oc__step_i64(steps, step, one->cut);
    oc__step_i64(steps, step, one->weight);
}

static oc_status record(const oc__recording *r, oc_error *err) {
    const oc__desc *src = &r->problem->in[0], *dst = &r->problem->out[0];
    walk w;
    if (!walk_of(src, dst, r->in[0].stride0, r->out[0].stride0, &w))
        return oc__fail(r->context, err, OC_ERROR_INTERNAL, "reorder.tiles was given layouts that do not fit");
    oc__string text;
    oc__string_init(&text, r->context);
    oc__define_types(r->problem, &text);
    oc__string_append(&text, src->dtype == OC_F32 && dst->dtype == OC_F32 ? "#define BY_VECTORS\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "reorder_tiles.cl", text.text, "reorder_tiles");
    oc__step_desc(r->steps, step, r->in[0].place, src);
    oc__step_desc(r->steps, step, r->out[0].place, dst);
    loop none = {1, 0, 0, 0, MAX_CUT}, m = w.m < 0 ? none : w.loops[w.m], s = w.s < 0 ? none : w.loops[w.s], d = w.d < 0 ? none : w.loops[w.d];
    int64_t outer = 1;
    for (int i = w.count - 1, left = MAX_OUTER; left > 0; i--) {
        if (i >= 0 && (i == w.m || i == w.s || i == w.d))
            continue;
        add_loop(r->steps, step, i >= 0 ? &w.loops[i] : &none);
        outer *= i >= 0 ? w.loops[i].size : 1;
        left--;
    }
    add_loop(r->steps, step, &m);
    int64_t run = run_of(&w, outer);
    int64_t numbers[] = {s.size, s.dst, s.cut, run, d.size, d.src, d.cut, w.s == w.d, w.limit[0], w.limit[1], w.limit[2], w.padded[0],
                         w.padded[1], w.padded[2]};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)outer, (uint64_t)(w.s == w.d ? 1 : (s.size + run - 1) / run), 1);
    return oc__record_end(r, &text, err);
}

const oc__solver oc__reorder_tiles = {.name = "reorder.tiles", .flags = OC_SOLVER_STRIDED_IN | OC_SOLVER_STRIDED_OUT | OC_SOLVER_LONE,
                                      .applicable = applicable, .layouts = oc__reorder_layouts, .estimate = estimate, .record = record};
