/* SPDX-License-Identifier: Apache-2.0 */
#include "op/room.h"

#include <math.h>
#include <stdio.h>

bool oc__refuse(char why[OC_WHY], const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(why, OC_WHY, format, args);
    va_end(args);
    return false;
}

bool oc__without_posts(const oc__problem *problem, char why[OC_WHY]) {
    return problem->pre.count || problem->post.count ? oc__refuse(why, "it takes no prologue and no epilogue") : true;
}

bool oc__for_cpu(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__lone_fits(problem, caps, why) && oc__without_posts(problem, why);
}

/* Operands from `first` on, but for the weights, if there are such. */
static bool takes_f32(const oc__problem *p, int first, int weights, char why[OC_WHY], const char *refusal) {
    if (p->pre.count)
        return oc__refuse(why, "it takes no prologue");
    for (int i = first; i < p->in_count; i++)
        if (p->in[i].dtype && p->in[i].dtype != OC_F32 && (i != weights || p->in[i].dtype != OC_F16))
            return oc__refuse(why, "%s", refusal);
    return true;
}

bool oc__for_cpu_f32(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__lone_fits(problem, caps, why) && takes_f32(problem, 0, -1, why, "only f32");
}

bool oc__for_cpu_weights(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__lone_fits(problem, caps, why) && takes_f32(problem, 0, 1, why, "only f32, and weights of f16");
}

void oc__define_weights(const oc__problem *problem, oc__string *defines) {
    if (problem->in[1].dtype == OC_F16)
        oc__string_append(defines, "#define HALF_WEIGHTS\n");
}

bool oc__posts_f32(const oc__problem *problem, char why[OC_WHY]) {
    return takes_f32(problem, problem->op_in, -1, why, "operands of the epilogue must be f32");
}

/* Multiplications and elements that no loops of a few times as many rounds reach llvmpipe's limit with. */
#define LONE_WORK 16384

static bool counts_rounds(const oc__caps *caps) {
    return caps->type == OC_DEVICE_CPU && caps->simt_width > 1;
}

void oc__define_round(const oc__caps *caps, oc__string *defines) {
    if (counts_rounds(caps))
        oc__string_printf(defines, "#define ROUND %d\n", OC_ROUND);
}

bool oc__rounds_fit(const oc__caps *caps, int64_t rounds, char why[OC_WHY]) {
    if (counts_rounds(caps) && rounds > 65000)
        return oc__refuse(why, "its loops of %lld rounds are longer than llvmpipe's limit", (long long)rounds);
    return true;
}

bool oc__lone_fits(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    if (!counts_rounds(caps))
        return true;
    oc__cost cost = oc__problem_cost(problem);
    return cost.flops / 2 + cost.bytes / 4 <= LONE_WORK ||
           oc__refuse(why, "loops of one work-item a group may be longer than llvmpipe's limit");
}

bool oc__types_fit(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    bool doubles = false;
    for (int i = 0; i < problem->in_count; i++)
        doubles = doubles || problem->in[i].dtype == OC_F64;
    for (int i = 0; i < problem->out_count; i++)
        doubles = doubles || problem->out[i].dtype == OC_F64;
    return doubles && !caps->fp64 ? oc__refuse(why, "the device has no double precision") : true;
}

bool oc__ref_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    return oc__types_fit(problem, caps, why) && oc__without_posts(problem, why);
}

bool oc__move_ref_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    (void)caps;
    return oc__without_posts(problem, why);
}

bool oc__always_applicable(const oc__problem *problem, const oc__caps *caps, char why[OC_WHY]) {
    (void)problem, (void)caps, (void)why;
    return true;
}

double oc__ref_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.02, 0.03);
}

double oc__ref_window_estimate(const oc__problem *problem, const oc__caps *caps, const oc__variant *variant) {
    (void)variant;
    return oc__estimate_roofline(problem, caps, 0.01, 0.1);
}

oc_status oc__copy_host(oc_context *context, const oc__problem *problem, const double *const *in, double *const *out,
                        oc_error *err) {
    (void)context, (void)err;
    int64_t count = oc__count(&problem->out[0].shape);
    for (int64_t i = 0; i < count; i++)
        out[0][i] = in[0][i];
    return OC_OK;
}

int64_t oc__dims_product(const oc_shape *shape, int from, int to) {
    int64_t product = 1;
    for (int i = from; i < to; i++)
        if (!oc__mul_i64(product, shape->dims[i], &product)) /* such a shape has a zero elsewhere, or is refused */
            product = INT64_MAX;
    return product;
}

int64_t oc__count(const oc_shape *shape) {
    return oc__dims_product(shape, 0, shape->rank);
}

void oc__row_strides(const oc_shape *shape, int64_t strides[OC_MAX_RANK]) {
    int64_t stride = 1;
    for (int i = shape->rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= shape->dims[i];
    }
}

void oc__broadcast_strides(const oc_shape *operand, const oc_shape *to, int64_t strides[OC_MAX_RANK]) {
    int64_t own[OC_MAX_RANK];
    oc__row_strides(operand, own);
    for (int i = 0; i < to->rank; i++) {
        int k = i - (to->rank - operand->rank);
        strides[i] = k < 0 || operand->dims[k] == 1 ? 0 : own[k];
    }
}

int oc__channel_block(const oc__layout *layout) {
    for (int i = 0; i < layout->rank; i++)
        if (layout->order[i] != i)
            return 0;
    if (!layout->block_count)
        return 1;
    return layout->block_count == 1 && layout->block_axis[0] == 1 ? layout->block_size[0] : 0;
}

bool oc__has_padding(const oc__layout *layout, const oc_shape *shape) {
    for (int i = 0; i < layout->block_count; i++)
        if (shape->dims[layout->block_axis[i]] % oc__layout_block(layout, layout->block_axis[i]))
            return true;
    return false;
}

void oc__step_sizes(oc__steps *steps, oc__step *step, const oc_shape *shape) {
    for (int i = shape->rank - OC_MAX_RANK; i < shape->rank; i++)
        oc__step_i64(steps, step, i < 0 ? 1 : shape->dims[i]);
}

void oc__step_strides(oc__steps *steps, oc__step *step, const int64_t *strides, int rank) {
    for (int i = rank - OC_MAX_RANK; i < rank; i++)
        oc__step_i64(steps, step, i < 0 ? 0 : strides[i]);
}

void oc__step_desc(oc__steps *steps, oc__step *step, oc__place place, const oc__desc *desc) {
    oc__step_place(steps, step, place, oc_dtype_size(desc->dtype));
}

const char *oc__element_type(oc_dtype dtype) {
    size_t size = oc_dtype_size(dtype);
    return size == 8 ? "ulong" : size == 4 ? "uint" : size == 2 ? "ushort" : "uchar";
}

void oc__step_rows(oc__steps *steps, oc__step *step, int64_t rows, int64_t run) {
    int64_t together = OC_MAX(OC_ROW_CHUNK / OC_MAX(run, 1), 1);
    const int64_t numbers[] = {rows, run, together, OC_ROW_PIECE};
    for (size_t i = 0; i < OC_COUNT(numbers); i++)
        oc__step_i64(steps, step, numbers[i]);
    oc__step_range_single(step, (uint64_t)((run + OC_ROW_PIECE - 1) / OC_ROW_PIECE), (uint64_t)((rows + together - 1) / together), 1);
}

void oc__join_axes(oc_shape *shape, int64_t (*strides)[OC_MAX_RANK], int count) {
    oc_shape out = {0};
    int64_t joined[8][OC_MAX_RANK];
    for (int i = 0; i < shape->rank; i++) {
        int k = out.rank - 1;
        bool follows = k >= 0;
        if (shape->dims[i] == 1)
            continue;
        for (int n = 0; n < count && follows; n++)
            follows = joined[n][k] == strides[n][i] * shape->dims[i];
        if (follows)
            out.dims[k] *= shape->dims[i];
        else
            out.dims[k = out.rank++] = shape->dims[i];
        for (int n = 0; n < count; n++)
            joined[n][k] = strides[n][i];
    }
    for (int n = 0; n < count; n++)
        for (int i = 0; i < out.rank; i++)
            strides[n][i] = joined[n][i];
    if (out.rank == 0) {
        out = OC_SHAPE(1);
        for (int n = 0; n < count; n++)
            strides[n][0] = 0;
    }
    *shape = out;
}

oc_status oc__record_end(const oc__recording *recording, oc__string *defines, oc_error *err) {
    bool failed = defines->failed;
    oc__string_finish(defines);
    return failed ? oc__fail_memory(recording->context, err, 1) : oc__steps_check(recording->steps, err);
}

oc__cost oc__cost_of_flops(const oc__problem *problem, double flops) {
    oc__cost cost = {.flops = flops * (double)oc__count(&problem->out[0].shape)};
    for (int i = 0; i < problem->in_count; i++)
        if (!oc__is_shape_only(problem->op, problem->op_in, i))
            cost.bytes += (double)oc__desc_bytes(&problem->in[i]);
    for (int i = 0; i < problem->out_count; i++)
        cost.bytes += (double)oc__desc_bytes(&problem->out[i]);
    return cost;
}

oc_value *oc__node2(oc_graph *graph, const oc__op *op, const void *params, oc_value *a, oc_value *b, oc_error *err) {
    return oc__graph_node1(graph, op, params, (oc_value *[]){a, b}, 2, err);
}

oc_value *oc__node3(oc_graph *graph, const oc__op *op, const void *params, oc_value *a, oc_value *b, oc_value *c,
                    oc_error *err) {
    return oc__graph_node1(graph, op, params, (oc_value *[]){a, b, c}, 3, err);
}

oc_status oc__gave(const oc_graph *graph, const oc_value *value) {
    return value ? OC_OK : graph->error.status != OC_OK ? graph->error.status : OC_ERROR_INTERNAL;
}

double oc__as_type(oc_dtype dtype, double value) {
    switch (dtype) {
    case OC_I32:
        return (double)(int32_t)(uint32_t)(int64_t)value;
    case OC_U8:
        return (double)(uint8_t)(int64_t)value;
    case OC_BOOL:
        return value != 0;
    case OC_I64:
        return trunc(value);
    case OC_U64:
        return value < 0 ? trunc(value) + 0x1p64 : trunc(value);
    case OC_I8:
        return (double)(int8_t)(uint8_t)(int64_t)value;
    case OC_I16:
        return (double)(int16_t)(uint16_t)(int64_t)value;
    case OC_U16:
        return (double)(uint16_t)(int64_t)value;
    case OC_U32:
        return (double)(uint32_t)(int64_t)value;
    default:
        return value;
    }
}
