/* SPDX-License-Identifier: Apache-2.0 */
/* Weights (K, C, R, S) into the layouts "w4Acdb32a", "w2Acdb32a", and for backward by data "w4Bcda32b", "w2Bcda32b": what a reorder is
 * for other layouts. */
#include "op/conv/conv.h"
#include "op/room.h"
#include "op/winograd.h"

#define PER_ITEM 16 /* channels: as many steps of 128 bytes through each point's memory */

static oc_status infer(oc__inference *x, oc_error *err) {
    const oc_shape *shape = &x->in[0].shape;
    if (shape->rank != 4 || !oc__winograd_of(2, shape->dims[2]) || !oc__winograd_of(2, shape->dims[3]))
        return oc__infer_fail(x, err, "only weights of 1, 3 or 5 taps an axis are transformed");
    x->out[0] = (oc__desc){.dtype = x->in[0].dtype, .shape = x->in[0].shape};
    return OC_OK;
}

static void layouts(const oc__problem *p, const oc__caps *caps, oc__layout *in, oc__layout *out) {
    (void)caps, (void)in;
    if (p->out[0].layout.winograd)
        out[0] = p->out[0].layout;
    else
        oc__layout_parse("w4Acdb32a", &out[0]);
}

static bool applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    const oc_shape *shape = &p->in[0].shape;
    int tile = p->out[0].layout.winograd == 2 ? 2 : 4;
    if (!oc__winograd_of(tile, shape->dims[2]) || !oc__winograd_of(tile, shape->dims[3]))
        return oc__refuse(why, "no tiles of %d for %lld by %lld taps", tile, (long long)shape->dims[2], (long long)shape->dims[3]);
    return oc__ref_applicable(p, caps, why);
}

/* What both forms take; a NULL text: there is nothing to do. */
static oc__step *begin(const oc__recording *r, bool vectors, oc__string *text, int64_t *panels, int64_t *channels) {
    const oc__desc *weights = &r->problem->in[0], *to = &r->problem->out[0];
    bool turned = oc__winograd_turned(&to->layout);
    int64_t taps = weights->shape.dims[2] * weights->shape.dims[3], k = weights->shape.dims[0], c = weights->shape.dims[1];
    int64_t numbers[] = {turned ? c : k, turned ? k : c, turned ? taps : c * taps, turned ? c * taps : taps};
    oc__define_types(r->problem, text);
    oc__string_printf(text, "#define T %d\n#define R %d\n#define S %d\n%s%s", to->layout.winograd, (int)weights->shape.dims[2],
                      (int)weights->shape.dims[3], turned ? "#define TURNED\n" : "", vectors ? "#define VECTORS\n" : "");
    oc__step *step = oc__step_kernel(r->steps, "winograd_weights.cl", text->text, "winograd_weights");
    oc__step_desc(r->steps, step, r->in[0].place, weights);
    oc__step_desc(r->steps, step, r->out[0].place, to);
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(r->steps, step, numbers[i]);
    *panels = (numbers[0] + 31) / 32;
    *channels = numbers[1];
    return step;
}

static oc_status record(const oc__recording *r, bool vectors, oc_error *err) {
    int64_t panels, channels;
    oc__string text;
    if (oc__count(&r->problem->in[0].shape) == 0)
        return OC_OK;
    oc__string_init(&text, r->context);
    oc__step *step = begin(r, vectors, &text, &panels, &channels);
    if (vectors) {
        oc__step_i32(r->steps, step, PER_ITEM);
        oc__step_range_single(step, (uint64_t)((channels + PER_ITEM - 1) / PER_ITEM), (uint64_t)panels, 1);
    } else {
        oc__step_i64(r->steps, step, panels * 32 * channels);
        oc__step_range_items(step, r->caps, (uint64_t)(panels * 32 * channels));
    }
    return oc__record_end(r, &text, err);
}

static oc_status record_ref(const oc__recording *r, oc_error *err) {
    return record(r, false, err);
}

static double estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(p, caps, 1, caps->type == OC_DEVICE_CPU ? 0.03 : 0.3);
}

static bool vectors_applicable(const oc__problem *p, const oc__caps *caps, char why[OC_WHY]) {
    return applicable(p, caps, why) && oc__for_cpu_f32(p, caps, why);
}

static oc_status record_vectors(const oc__recording *r, oc_error *err) {
    return record(r, true, err);
}

static double vectors_estimate(const oc__problem *p, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(p, caps, 1, 0.4);
}

static const oc__solver vectors = {.name = "winograd_weights.vectors", .flags = OC_SOLVER_LONE, .applicable = vectors_applicable, .layouts = layouts,
                                   .estimate = vectors_estimate, .record = record_vectors};
static const oc__solver ref = {.name = "winograd_weights.ref", .applicable = applicable, .layouts = layouts,
                               .estimate = estimate, .record = record_ref};
static const oc__solver *const solvers[] = {&vectors, &ref, NULL};

const oc__op oc__op_winograd_weights = {.name = "winograd_weights", .in_min = 1, .in_max = 1, .out_count = 1, .infer = infer,
                                        .batch = OC_BATCH_NONE("parameters have no batch axis"), .host = oc__copy_host, .solvers = solvers};
