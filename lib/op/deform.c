/* SPDX-License-Identifier: Apache-2.0 */
/* Deformable convolution. */
#include <math.h>
#include <string.h>

#include <ocelli/op/deform.h>

#include "op/onnx_rule.h"
#include "op/room.h"

enum { SRC, WEIGHTS, OFFSETS, BIAS, MASK, OPERANDS };

static const oc__field fields[] = {OC_FIELD_ARRAY(OC_FIELD_I64, oc_deform_params, stride, 2),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_deform_params, dilation, 2),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_deform_params, pad_begin, 2),
                                   OC_FIELD_ARRAY(OC_FIELD_I64, oc_deform_params, pad_end, 2),
                                   OC_FIELD(OC_FIELD_I64, oc_deform_params, groups),
                                   OC_FIELD(OC_FIELD_I64, oc_deform_params, offset_groups), {NULL}};

static bool has(const oc__desc *in, int count, int operand) {
    return operand < count && in[operand].dtype != OC_DTYPE_NONE;
}

static oc_status normalize(oc__inference *inference, oc_error *err) {
    oc_deform_params *p = inference->params;
    p->groups = p->groups ? p->groups : 1;
    p->offset_groups = p->offset_groups ? p->offset_groups : 1;
    for (int i = 0; i < 2; i++) {
        p->stride[i] = p->stride[i] ? p->stride[i] : 1;
        p->dilation[i] = p->dilation[i] ? p->dilation[i] : 1;
        if (p->stride[i] < 1 || p->dilation[i] < 1 || p->pad_begin[i] < 0 || p->pad_end[i] < 0 || p->stride[i] > INT32_MAX ||
            p->dilation[i] > INT32_MAX || p->pad_begin[i] > INT32_MAX || p->pad_end[i] > INT32_MAX)
            return oc__infer_fail(inference, err, "stride, dilation or padding of axis %d is out of range", 2 + i);
    }
    if (p->groups < 1 || p->offset_groups < 1 || p->groups > INT32_MAX || p->offset_groups > INT32_MAX)
        return oc__infer_fail(inference, err, "%lld and %lld groups", (long long)p->groups, (long long)p->offset_groups);
    return OC_OK;
}

static bool channels_fit(const oc_deform_params *p, const int64_t *src, const int64_t *weights) {
    return src[1] == weights[1] * p->groups && weights[0] % p->groups == 0 && src[1] % p->offset_groups == 0 && weights[2] >= 1 &&
           weights[3] >= 1 && weights[0] >= 0 && weights[1] >= 1 && weights[1] < (int64_t)1 << 31 && weights[2] < 1 << 20 &&
           weights[3] < 1 << 20;
}

static oc_status infer(oc__inference *inference, oc_error *err) {
    const oc__desc *in = inference->in;
    oc_deform_params *p = inference->params;
    const int64_t *w = in[WEIGHTS].shape.dims;
    OC_TRY(normalize(inference, err));
    if (in[SRC].shape.rank != 4 || in[WEIGHTS].shape.rank != 4 || in[OFFSETS].shape.rank != 4 || !oc__is_real(in[SRC].dtype) ||
        in[WEIGHTS].dtype != in[SRC].dtype || in[OFFSETS].dtype != in[SRC].dtype || !channels_fit(p, in[SRC].shape.dims, w))
        return oc__infer_fail(inference, err,
                              "source, weights and offsets of 4 axes and one type do not fit %lld and %lld groups",
                              (long long)p->groups, (long long)p->offset_groups);
    oc_shape to = OC_SHAPE(in[SRC].shape.dims[0], w[0], 0, 0);
    for (int i = 0; i < 2; i++)
        to.dims[2 + i] = oc__dim_window(inference->symbols, in[SRC].shape.dims[2 + i], w[2 + i], p->stride[i], p->dilation[i],
                                        p->pad_begin[i], p->pad_end[i], false);
    const int64_t taps = p->offset_groups * w[2] * w[3];
    const oc_shape offsets = OC_SHAPE(to.dims[0], 2 * taps, to.dims[2], to.dims[3]), mask = OC_SHAPE(to.dims[0], taps,
                                                                                                     to.dims[2], to.dims[3]);
    bool masked = has(in, inference->in_count, MASK), biased = has(in, inference->in_count, BIAS);
    if (!oc_shape_equal(&in[OFFSETS].shape, &offsets) ||
        (masked && (in[MASK].dtype != in[SRC].dtype || !oc_shape_equal(&in[MASK].shape, &mask))))
        return oc__infer_fail(inference, err, "offsets should be (N, %lld, OH, OW), and the mask half as many",
                              (long long)(2 * taps));
    if (biased && (in[BIAS].dtype != in[SRC].dtype || in[BIAS].shape.rank != 1 || in[BIAS].shape.dims[0] != w[0]))
        return oc__infer_fail(inference, err, "the bias should have %lld elements", (long long)w[0]);
    inference->out[0].dtype = in[SRC].dtype;
    inference->out[0].shape = to;
    return OC_OK;
}

/* Between four elements; those outside are 0. */
static double between(const double *plane, int64_t height, int64_t width, double y, double x) {
    double top = floor(y), left = floor(x), sum = 0;
    if (!(y > -1 && y < (double)height && x > -1 && x < (double)width))
        return 0;
    for (int k = 0; k < 4; k++) {
        double row = top + k / 2, column = left + k % 2, share = (1 - fabs(y - row)) * (1 - fabs(x - column));
        if (row >= 0 && row < (double)height && column >= 0 && column < (double)width)
            sum += share * plane[(int64_t)row * width + (int64_t)column];
    }
    return sum;
}

static oc_status host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                      oc_error *err) {
    const oc_deform_params *p = problem->params;
    const int64_t *src = problem->in[SRC].shape.dims, *w = problem->in[WEIGHTS].shape.dims, *dst = problem->out[0].shape.dims;
    const double *mask = has(problem->in, problem->op_in, MASK) ? in[MASK] : NULL;
    const double *bias = has(problem->in, problem->op_in, BIAS) ? in[BIAS] : NULL;
    int64_t taps = w[2] * w[3], area = dst[2] * dst[3];
    for (int64_t i = 0; i < oc__count(&problem->out[0].shape); i++) {
        int64_t n = i / (dst[1] * area), k = i / area % dst[1], at = i % area;
        double sum = bias ? bias[k] : 0;
        for (int64_t c = 0; c < w[1]; c++) {
            int64_t channel = k / (dst[1] / p->groups) * w[1] + c, group = channel / (src[1] / p->offset_groups);
            for (int64_t t = 0; t < taps; t++) {
                int64_t place = (n * p->offset_groups + group) * taps + t;
                double y = (double)(at / dst[3] * p->stride[0] - p->pad_begin[0] + t / w[3] * p->dilation[0]);
                double x = (double)(at % dst[3] * p->stride[1] - p->pad_begin[1] + t % w[3] * p->dilation[1]);
                double v = between(in[SRC] + (n * src[1] + channel) * src[2] * src[3], src[2], src[3],
                                   y + in[OFFSETS][place * 2 * area + at], x + in[OFFSETS][(place * 2 + 1) * area + at]);
                sum += v * in[WEIGHTS][(k * w[1] + c) * taps + t] * (mask ? mask[place * area + at] : 1);
            }
        }
        out[0][i] = sum;
    }
    (void)context, (void)err;
    return OC_OK;
}

static oc__cost cost(const oc__problem *problem) {
    return oc__cost_of_flops(problem, 12.0 * (double)oc__dims_product(&problem->in[WEIGHTS].shape, 1, 4));
}

#define BLOCK 16 /* elements of a plane that a work-item of `blocks` takes */

static int64_t blocks_of(const oc__problem *problem) {
    return (oc__dims_product(&problem->out[0].shape, 2, 4) + BLOCK - 1) / BLOCK;
}

/* Sums of the block of each work-item, for all results of its group. */
static uint64_t blocks_workspace(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    const oc_shape *dst = &problem->out[0].shape;
    (void)caps, (void)variant;
    return (uint64_t)(dst->dims[0] * dst->dims[1] * blocks_of(problem)) * BLOCK * sizeof(float);
}

static oc_status record(const oc__recording *recording, bool blocks, oc_error *err) {
    const oc__problem *problem = recording->problem;
    const oc_deform_params *p = problem->params;
    const int64_t *src = problem->in[SRC].shape.dims, *w = problem->in[WEIGHTS].shape.dims, *dst = problem->out[0].shape.dims;
    oc__steps *steps = recording->steps;
    int64_t items = oc__count(&problem->out[0].shape);
    if (items == 0)
        return OC_OK;
    oc__string defines;
    oc__string_init(&defines, recording->context);
    oc__define_types(problem, &defines);
    oc__string_append(&defines, has(problem->in, problem->op_in, BIAS) ? "#define BIAS\n" : "");
    oc__string_append(&defines, has(problem->in, problem->op_in, MASK) ? "#define MASK\n" : "");
    oc__step *step = oc__step_kernel(steps, blocks ? "deform_blocks.cl" : "deform.cl", defines.text,
                                     blocks ? "deform_blocks" : "deform_conv2d");
    for (int i = 0; i < OPERANDS; i++) /* what is left out stands for something that is there */
        if (has(problem->in, problem->op_in, i))
            oc__step_desc(steps, step, recording->in[i].place, &problem->in[i]);
        else
            oc__step_desc(steps, step, recording->in[SRC].place, &problem->in[SRC]);
    oc__step_desc(steps, step, recording->out[0].place, &problem->out[0]);
    const int64_t numbers[] = {items, src[1], src[2], src[3], dst[1], dst[2], dst[3], w[1], w[2], w[3], p->stride[0],
                               p->stride[1],
                               p->dilation[0], p->dilation[1], p->pad_begin[0], p->pad_begin[1], p->groups, p->offset_groups};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(steps, step, numbers[i]);
    if (blocks) {
        oc__step_place(steps, step, recording->workspace, sizeof(float));
        oc__step_range_single(step, (uint64_t)blocks_of(problem), (uint64_t)p->groups, (uint64_t)dst[0]);
    } else {
        oc__step_range_items(step, recording->caps, (uint64_t)items);
    }
    return oc__record_end(recording, &defines, err);
}

static oc_status record_blocks(const oc__recording *recording, oc_error *err) {
    return record(recording, true, err);
}

static oc_status record_ref(const oc__recording *recording, oc_error *err) {
    return record(recording, false, err);
}

static bool blocks_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    if (!oc__is_float(problem->in[SRC].dtype))
        return oc__refuse(why, "only f32 and f16");
    return oc__for_cpu(problem, caps, why);
}

static double blocks_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.1, 0.3);
}

static bool applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__ref_applicable(problem, caps, why) &&
        oc__rounds_fit(caps, oc__dims_product(&problem->in[WEIGHTS].shape, 1, 4), why);
}

static const oc__solver ref = {.name = "deform_conv2d.ref", .applicable = applicable, .estimate = oc__ref_estimate,
                               .record = record_ref};
static const oc__solver by_blocks = {.name = "deform_conv2d.blocks", .flags = OC_SOLVER_LONE, .applicable = blocks_applicable, .workspace = blocks_workspace,
                                     .estimate = blocks_estimate, .record = record_blocks};
static const oc__solver *const solvers[] = {&by_blocks, &ref, NULL};

static oc_status read_deform(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_shape *weights = &reading->in[1]->shape;
    oc__onnx_window window;
    (void)memory;
    if (reading->in[0]->shape.rank != 4 || weights->rank != 4)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "only two spatial axes are supported");
    OC_TRY(oc__onnx_window_read(reading, &weights->dims[2], &window, err));
    oc_deform_params params = {.groups = oc__onnx_attr_int(reading->node, "group", 1),
                               .offset_groups = oc__onnx_attr_int(reading->node, "offset_group", 1)};
    memcpy(params.stride, window.stride, sizeof(params.stride));
    memcpy(params.dilation, window.dilation, sizeof(params.dilation));
    memcpy(params.pad_begin, window.pad_begin, sizeof(params.pad_begin));
    memcpy(params.pad_end, window.pad_end, sizeof(params.pad_end));
    oc_value *bias = oc__onnx_has_in(reading, 3) ? reading->in[3] : NULL, *mask = oc__onnx_has_in(reading,
                                                                                                  4) ? reading->in[4] : NULL;
    return oc__onnx_give(reading, oc_deform_conv2d(reading->graph, reading->in[0], reading->in[1], reading->in[2], bias, mask,
                                                   &params,
                                                   err), err);
}

static oc_status write_deform(oc__onnx_writing *writing, oc_error *err) {
    const oc_deform_params *p = writing->source->params;
    const int64_t pads[4] = {p->pad_begin[0], p->pad_begin[1], p->pad_end[0], p->pad_end[1]};
    oc__onnx_node *node = oc__onnx_emit(writing, "DeformConv");
    (void)err;
    for (int i = 0; i < writing->source->in_count; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_ints(writing, node, "strides", p->stride, 2);
    oc__onnx_emit_ints(writing, node, "dilations", p->dilation, 2);
    oc__onnx_emit_ints(writing, node, "pads", pads, 4);
    oc__onnx_emit_int(writing, node, "group", p->groups);
    oc__onnx_emit_int(writing, node, "offset_group", p->offset_groups);
    return OC_OK;
}

static const oc__onnx_attr_rule attrs[] = {OC_ONNX_ATTR_HOOK("strides"), OC_ONNX_ATTR_HOOK("dilations"),
                                           OC_ONNX_ATTR_HOOK("pads"),
                                           OC_ONNX_ATTR_HOOK("group"), OC_ONNX_ATTR_HOOK("offset_group"),
                                           OC_ONNX_ATTR_HOOK("kernel_shape"), {NULL}};
static const oc__onnx_rule rules[] = {{.type = "DeformConv", .op = "deform_conv2d", .since = 19, .in_min = 3, .in_max = 5,
                                       .out_max = 1,
                                       .attrs = attrs, .read = read_deform, .write = write_deform}, {NULL}};

const oc__op oc__op_deform_conv2d = {
    .name = "deform_conv2d", .in_min = 3, .in_max = 5, .out_count = 1, .params_size = sizeof(oc_deform_params), .fields = fields,
    .infer = infer, .cost = cost, .batch = OC_BATCH_NONE("offsets and mask belong to the images"), .host = host, .solvers = solvers,
    .onnx = rules};

oc_value *oc_deform_conv2d(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *offsets, oc_value *bias, oc_value *mask,
                           const oc_deform_params *params, oc_error *err) {
    oc_value *in[OPERANDS] = {src, weights, offsets, bias, mask};
    return oc__graph_node1(graph, &oc__op_deform_conv2d, params, in, mask ? 5 : bias ? 4 : 3, err);
}
