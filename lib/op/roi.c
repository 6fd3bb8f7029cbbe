/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of images: samples between elements, gathered; on the way back each element looks for the samples it is a part of. */
#include <math.h>
#include <string.h>

#include <ocelli/op/roi.h>

#include "op/onnx_rule.h"
#include "op/room.h"

#define MOST_SAMPLES 1024

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_roi_params, size, 2),
                                   OC_FIELD(OC_FIELD_I64, oc_roi_params, samples),
                                   OC_FIELD(OC_FIELD_F32, oc_roi_params, scale), OC_FIELD(OC_FIELD_BOOL, oc_roi_params, max),
                                   OC_FIELD(OC_FIELD_BOOL, oc_roi_params, half_pixel), {NULL}};

static oc_status check(oc__inference *inference, const oc__desc *src, const oc__desc *regions, const oc__desc *images,
                       oc_error *err) {
    oc_roi_params *params = inference->params;
    params->scale = params->scale != 0 ? params->scale : 1;
    if (src->shape.rank != 4 || !oc__is_real(src->dtype) || regions->shape.rank != 2 || regions->shape.dims[1] != 4 ||
        regions->dtype != src->dtype || images->shape.rank != 1 || images->dtype != OC_I64 ||
        images->shape.dims[0] != regions->shape.dims[0])
        return oc__infer_fail(inference, err,
                              "it takes (N, C, H, W), regions (R, 4) of the same type, and their images (R) of i64");
    if (params->size[0] < 1 || params->size[1] < 1 || params->samples < 0 || params->samples > MOST_SAMPLES ||
        params->size[0] > 1 << 20 ||
        params->size[1] > 1 << 20)
        return oc__infer_fail(inference, err, "regions become %lld x %lld, of %lld samples each", (long long)params->size[0],
                              (long long)params->size[1], (long long)params->samples);
    return OC_OK;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__desc *in = inference->in;
    const oc_roi_params *params = inference->params;
    OC_TRY(check(inference, &in[0], &in[1], &in[2], err));
    inference->out[0].dtype = in[0].dtype;
    inference->out[0].shape = OC_SHAPE(in[1].shape.dims[0], in[0].shape.dims[1], params->size[0], params->size[1]);
    return OC_OK;
}

static oc_status infer_bwd(oc__inference *inference, oc_error *err) {
    const oc__desc *in = inference->in;
    OC_TRY(check(inference, &in[3], &in[1], &in[2], err));
    if (in[0].shape.rank != 4 || in[0].dtype != in[3].dtype)
        return oc__infer_fail(inference, err, "the gradient is not of the result's shape and type");
    inference->out[0].dtype = in[3].dtype;
    inference->out[0].shape = in[3].shape;
    return OC_OK;
}

/* A region: where its elements begin, their sizes, and how many samples each has. */
typedef struct region {
    double y, x, height, width;
    int64_t rows, columns;
} region;

static int64_t samples_of(int64_t asked, double size) {
    return asked > 0 ? asked : size > MOST_SAMPLES ? MOST_SAMPLES : size > 0 ? (int64_t)ceil(size) : 0;
}

static region region_of(const oc_roi_params *p, const double *corners) {
    double scale = p->scale, moved = p->half_pixel ? 0.5 : 0, x = corners[0] * scale - moved, y = corners[1] * scale - moved;
    double height = corners[3] * scale - moved - y, width = corners[2] * scale - moved - x;
    if (!p->half_pixel) {
        height = fmax(height, 1);
        width = fmax(width, 1);
    }
    height /= (double)p->size[0];
    width /= (double)p->size[1];
    return (region){y, x, height, width, samples_of(p->samples, height), samples_of(p->samples, width)};
}

/* The elements around a place and their shares; false: it is outside. */
static bool taps_of(double y, double x, int64_t height, int64_t width, int64_t at[4], double share[4]) {
    if (!(y >= -1 && y <= (double)height && x >= -1 && x <= (double)width))
        return false;
    y = fmin(fmax(y, 0), (double)(height - 1));
    x = fmin(fmax(x, 0), (double)(width - 1));
    int64_t top = (int64_t)y, left = (int64_t)x, down = top + (top < height - 1), right = left + (left < width - 1);
    double fy = y - (double)top, fx = x - (double)left;
    const int64_t places[4] = {top * width + left, top * width + right, down * width + left, down * width + right};
    const double shares[4] = {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx};
    memcpy(at, places, sizeof(places));
    memcpy(share, shares, sizeof(shares));
    return true;
}

/* Calls body for each tap t of each sample of the region's element at py, px. */
#define FOR_TAPS(r, py, px, h, w, body) \
    for (int64_t s = 0; s < (r).rows * (r).columns; s++) { \
        int64_t at[4]; \
        double share[4], sy = ((double)(s / (r).columns) + 0.5) / (double)(r).rows, \
               sx = ((double)(s % (r).columns) + 0.5) / (double)(r).columns; \
        if (taps_of((r).y + ((double)(py) + sy) * (r).height, (r).x + ((double)(px) + sx) * (r).width, h, w, at, share)) \
            for (int t = 0; t < 4; t++) { \
                body; \
            } \
    }

typedef struct form {
    int64_t regions, images, channels, height, width, rows, columns;
} form;

static form form_of(const oc__problem *problem) {
    bool back = problem->op == &oc__op_roi_align_bwd;
    const int64_t *src = problem->in[back ? 3 : 0].shape.dims, *dst = (back ? problem->in[0] : problem->out[0]).shape.dims;
    return (form){dst[0], src[0], src[1], src[2], src[3], dst[2], dst[3]};
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_roi_params *params = problem->params;
    form f = form_of(problem);
    for (int64_t i = 0; i < oc__count(&problem->out[0].shape); i++) {
        int64_t n = i / (f.channels * f.rows * f.columns), c = i / (f.rows * f.columns) % f.channels, image = (int64_t)in[2][n];
        const double *x = in[0] + (image * f.channels + c) * f.height * f.width;
        region r = region_of(params, in[1] + n * 4);
        double sum = 0, best = -INFINITY;
        if (image >= 0 && image < f.images)
            FOR_TAPS(r, i / f.columns % f.rows, i % f.columns, f.height, f.width, {
                sum += share[t] * x[at[t]];
                best = fmax(best, share[t] * x[at[t]]);
            })
        out[0][i] = params->max ? (best > -INFINITY ? best : 0) : sum / (double)OC_MAX(r.rows * r.columns, 1);
    }
    (void)context, (void)err;
    return OC_OK;
}

/* Adds the gradient of one element of a region to a plane of src. */
static void spread(const oc_roi_params *params, const form *f, const region *r, int64_t py, int64_t px, const double *x,
                   double diff,
                   double *to) {
    int64_t winner = -1;
    double best = -INFINITY, weight = 0;
    if (!params->max) {
        FOR_TAPS(*r, py, px, f->height, f->width, to[at[t]] += share[t] * diff / (double)(r->rows * r->columns))
        return;
    }
    FOR_TAPS(*r, py, px, f->height, f->width, {
        if (share[t] * x[at[t]] > best) {
            best = share[t] * x[at[t]];
            winner = at[t];
            weight = share[t];
        }
    })
    if (winner >= 0)
        to[winner] += weight * diff;
}

static oc_status host_bwd(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                          oc_error *err) {
    form f = form_of(problem);
    for (int64_t i = 0; i < oc__count(&problem->out[0].shape); i++)
        out[0][i] = 0;
    for (int64_t i = 0; i < oc__count(&problem->in[0].shape); i++) {
        int64_t n = i / (f.channels * f.rows * f.columns), c = i / (f.rows * f.columns) % f.channels, image = (int64_t)in[2][n];
        int64_t plane = (image * f.channels + c) * f.height * f.width;
        region r = region_of(problem->params, in[1] + n * 4);
        if (image >= 0 && image < f.images)
            spread(problem->params, &f, &r, i / f.columns % f.rows, i % f.columns, in[3] + plane, in[0][i], out[0] + plane);
    }
    (void)context, (void)err;
    return OC_OK;
}

static oc_status gradient(oc__gradient *g, oc_error *err) {
    if (!g->wanted[0])
        return OC_OK;
    oc_value *in[4] = {g->diff_out[0], g->node->in[1], g->node->in[2], g->node->in[0]};
    g->diff_in[0] = oc__graph_node1(g->graph, &oc__op_roi_align_bwd, g->node->params, in, 4, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

/* Means are linear: the way back of the way back is the way there. */
static oc_status gradient_bwd(oc__gradient *g, oc_error *err) {
    const oc_roi_params *params = g->node->params;
    if (!g->wanted[0])
        return OC_OK;
    if (params->max)
        return oc__fail(g->graph->context, err, OC_ERROR_UNSUPPORTED, "roi_align: the gradient of its gradient is of means only");
    g->diff_in[0] = oc_roi_align(g->graph, g->diff_out[0], g->node->in[1], g->node->in[2], params, err);
    return oc__gave(g->graph, g->diff_in[0]);
}

static oc_status record(const oc__recording *recording, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_roi_params *params = problem->params;
    bool back = problem->op == &oc__op_roi_align_bwd;
    form f = form_of(problem);
    oc__steps *steps = recording->steps;
    int64_t items = oc__count(&problem->out[0].shape);
    if (items == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, back ? "#define BACK\n" : "");
    oc__string_append(&defines, params->max ? "#define MAX\n" : "");
    oc__string_append(&defines, params->half_pixel ? "#define HALF_PIXEL\n" : "");
    oc__step *step = oc__step_kernel(steps, "roi.cl", defines.text, back ? "roi_align_bwd" : "roi_align");
    for (int i = 0; i < problem->op_in; i++)
        oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    const int64_t numbers[] = {items, f.regions, f.images, f.channels, f.height, f.width, f.rows, f.columns, params->samples};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(steps, step, numbers[i]);
    oc__step_f32(steps, step, params->scale);
    oc__step_range_items(step, recording->caps, (uint64_t)items);
    return oc__record_end(recording, &defines, err);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    const oc_roi_params *params = problem->params;
    form f = form_of(problem);
    int64_t samples = params->samples > 0 ? params->samples * params->samples : 64;
    int64_t bins = problem->op == &oc__op_roi_align_bwd ? OC_MIN(f.regions, 1 << 20) * OC_MIN(f.rows * f.columns, 1 << 20) : 1;
    return oc__ref_applicable(problem, caps, why) && oc__rounds_fit(caps, bins * samples, why);
}

static oc_status read_align(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc__onnx_node *node = reading->node;
    const char *mode = oc__onnx_attr_text(node, "mode", "avg");
    const char *place = oc__onnx_attr_text(node, "coordinate_transformation_mode",
                                           reading->opset < 16 ? "output_half_pixel" : "half_pixel");
    oc_roi_params params = {.size = {oc__onnx_attr_int(node, "output_height", 1), oc__onnx_attr_int(node, "output_width", 1)},
                            .samples = oc__onnx_attr_int(node, "sampling_ratio", 0),
                            .scale = (float)oc__onnx_attr_float(node, "spatial_scale", 1), .max = strcmp(mode, "max") == 0,
                            .half_pixel = strcmp(place, "half_pixel") == 0};
    (void)memory;
    if ((!params.max && strcmp(mode, "avg") != 0) || (!params.half_pixel && strcmp(place, "output_half_pixel") != 0))
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "a mode of it is not known");
    return oc__onnx_give(reading, oc_roi_align(reading->graph, reading->in[0], reading->in[1], reading->in[2], &params, err),
                         err);
}

static oc_status write_align(oc__onnx_writing *writing, oc_error *err) {
    const oc_roi_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "RoiAlign");
    (void)err;
    for (int i = 0; i < 3; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_text(writing, node, "mode", params->max ? "max" : "avg");
    oc__onnx_emit_text(writing, node, "coordinate_transformation_mode", params->half_pixel ? "half_pixel" : "output_half_pixel");
    oc__onnx_emit_int(writing, node, "output_height", params->size[0]);
    oc__onnx_emit_int(writing, node, "output_width", params->size[1]);
    oc__onnx_emit_int(writing, node, "sampling_ratio", params->samples);
    oc__onnx_emit_float(writing, node, "spatial_scale", params->scale);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("mode"), OC_ONNX_ATTR_HOOK("coordinate_transformation_mode"),
                                           OC_ONNX_ATTR_HOOK("output_height"), OC_ONNX_ATTR_HOOK("output_width"),
                                           OC_ONNX_ATTR_HOOK("sampling_ratio"), OC_ONNX_ATTR_HOOK("spatial_scale"), {NULL}};
static const oc__onnx_rule rules[] = {{.type = "RoiAlign", .op = "roi_align", .since = 10, .in_min = 3, .in_max = 3, .out_max = 1,
                                       .attrs = attrs, .read = read_align, .write = write_align}, {NULL}};

#define ROI(op_name, count, rule, host_, grad) \
    static const oc__solver op_name##_ref = {.name = #op_name ".ref", .applicable = applicable, .estimate = oc__ref_estimate, \
                                             .record = record}; \
    static const oc__solver *const op_name##_solvers[] = {&op_name##_ref, NULL}; \
    const oc__op oc__op_##op_name = {.name = #op_name, .in_min = count, .in_max = count, .out_count = 1, .infer = rule, \
                                     .params_size = sizeof(oc_roi_params), .fields = fields, .gradient = grad, \
                                     .batch = OC_BATCH_NONE("regions name images by their number"), .host = host_, \
                                     .solvers = op_name##_solvers, .onnx = rules};
ROI(roi_align, 3, infer, host, gradient)
ROI(roi_align_bwd, 4, infer_bwd, host_bwd, gradient_bwd)

oc_value *oc_roi_align(oc_graph *graph, oc_value *src, oc_value *regions, oc_value *images, const oc_roi_params *params,
                       oc_error *err) {
    const oc_roi_params own = params ? *params : (oc_roi_params){.size = {1, 1}};
    return oc__node3(graph, &oc__op_roi_align, &own, src, regions, images, err);
}
