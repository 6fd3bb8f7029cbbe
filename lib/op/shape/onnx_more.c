/* SPDX-License-Identifier: Apache-2.0 */
/* Moving data in ONNX by nodes of several ops: Expand, Tile, Trilu, EyeLike, Range, Compress, DepthToSpace, SpaceToDepth,
 * ReverseSequence. */
#include <math.h>
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>

#include "op/rig.h"
#include "op/shape/shape.h"

static oc_status read_expand(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    oc_expand_params *params = memory;
    OC_TRY(oc__onnx_ints(reading, 1, params->dims, OC_MAX_RANK, &params->rank, NULL, err));
    return oc__onnx_give(reading, oc__graph_node1(reading->graph, &oc__op_expand, params, reading->in, 1, err), err);
}

static oc_status write_expand(oc__onnx_writing *writing, oc_error *err) {
    const oc_expand_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "Expand");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, params->dims, params->rank));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

/* Before opset 6: tiles along one axis. */
static oc_status read_tile(const oc__onnx_reading *reading, void *params, oc_error *err) {
    int64_t repeats[OC_MAX_RANK], one = 1, axis = 0;
    int count = reading->in[0]->shape.rank, got;
    (void)params;
    if (reading->opset < 6) {
        OC_TRY(oc__onnx_ints(reading, 1, &one, 1, &got, NULL, err));
        OC_TRY(oc__onnx_ints(reading, 2, &axis, 1, &got, NULL, err));
        for (int i = 0; i < count; i++)
            repeats[i] = i == axis ? one : 1;
    } else {
        OC_TRY(oc__onnx_ints(reading, 1, repeats, OC_MAX_RANK, &got, NULL, err));
        if (got != count)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "%d repeats for %d axes", got, count);
    }
    return oc__onnx_give(reading, oc_tile(reading->graph, reading->in[0], repeats, err), err);
}

/* A constant of elements that a function gives. */
typedef double (*element)(int64_t index, const double *args);

static oc_value *make_constant(const oc__onnx_reading *reading, oc_dtype dtype, const oc_shape *shape, element element,
                               const double *args, oc_error *err) {
    oc_tensor *tensor = NULL;
    if (oc_tensor_create(&tensor, reading->context, NULL, dtype, shape, err) != OC_OK)
        return NULL;
    for (int64_t i = 0; i < oc_tensor_get_count(tensor); i++)
        oc__element_set(dtype, oc_tensor_get_data(tensor), i, element(i, args));
    oc_value *value = oc_graph_constant(reading->graph, NULL, tensor, err);
    oc_tensor_destroy(&tensor);
    return value;
}

/* args: columns, the diagonal, whether elements below it are meant. */
static double in_triangle(int64_t index, const double *args) {
    double distance = (double)(index % (int64_t)args[0]) - (double)(index / (int64_t)args[0]);
    return args[2] != 0 ? distance <= args[1] : distance >= args[1];
}

static oc_status matrix_of(const oc__onnx_reading *reading, oc_shape *out, oc_error *err) {
    const oc_shape *x = &reading->in[0]->shape;
    if (x->rank < 2 || x->dims[x->rank - 1] < 0 || x->dims[x->rank - 2] < 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "it needs matrices whose sizes are numbers");
    *out = OC_SHAPE(x->dims[x->rank - 2], x->dims[x->rank - 1]);
    return OC_OK;
}

static oc_status read_trilu(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_value *x = reading->in[0];
    double args[3] = {0, 0, oc__onnx_attr_int(reading->node, "upper", 1) == 0};
    oc_shape shape;
    (void)params;
    OC_TRY(matrix_of(reading, &shape, err));
    if (oc__onnx_has_in(reading, 1))
        OC_TRY(oc__onnx_number(reading, 1, &args[1], err));
    args[0] = (double)OC_MAX(shape.dims[1], 1);
    oc_value *mask = make_constant(reading, OC_BOOL, &shape, in_triangle, args, err);
    return oc__onnx_give(reading, oc_where(reading->graph, mask, x, oc_graph_scalar(reading->graph, x->dtype, 0, err), err), err);
}

/* args: columns, the diagonal. */
static double on_diagonal(int64_t index, const double *args) {
    return (double)(index % (int64_t)args[0]) - (double)(index / (int64_t)args[0]) == args[1];
}

static oc_status read_eye(const oc__onnx_reading *reading, void *params, oc_error *err) {
    int64_t to = oc__onnx_attr_int(reading->node, "dtype", oc__onnx_dtype_number(reading->in[0]->dtype));
    double args[2] = {0, (double)oc__onnx_attr_int(reading->node, "k", 0)};
    oc_shape shape;
    (void)params;
    if (oc__onnx_dtype(to) == OC_DTYPE_NONE)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "the type %s is not supported", oc__onnx_dtype_name(to));
    OC_TRY(matrix_of(reading, &shape, err));
    args[0] = (double)OC_MAX(shape.dims[1], 1);
    return oc__onnx_give(reading, make_constant(reading, oc__onnx_dtype(to), &shape, on_diagonal, args, err), err);
}

static double progression(int64_t index, const double *args) {
    return args[0] + (double)index * args[1];
}

static oc_status read_range(const oc__onnx_reading *reading, void *params, oc_error *err) {
    double start, limit, args[2];
    (void)params;
    OC_TRY(oc__onnx_number(reading, 0, &start, err));
    OC_TRY(oc__onnx_number(reading, 1, &limit, err));
    OC_TRY(oc__onnx_number(reading, 2, &args[1], err));
    args[0] = start;
    double count = ceil((limit - start) / args[1]);
    if (!(fabs(count) <= 0x1p40))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "a range from %g to %g by %g", start, limit, args[1]);
    oc_shape shape = OC_SHAPE((int64_t)OC_MAX(count, 0));
    oc_dtype dtype = oc_tensor_get_dtype(reading->known[0].tensor);
    return oc__onnx_give(reading, make_constant(reading, dtype, &shape, progression, args, err), err);
}

static oc_status read_compress(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const oc_tensor *condition = reading->known[1].tensor;
    oc_value *x = reading->in[0];
    const oc__onnx_attr *axis = oc__onnx_attr_find(reading->node, "axis");
    (void)params;
    if (condition == NULL)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "its size depends on a condition that is not known");
    int64_t count = oc_tensor_get_count(condition), kept = 0;
    const uint8_t *flags = oc_tensor_get_data(condition);
    int64_t *places = oc__alloc_array(reading->context, (size_t)count + 1, sizeof(*places));
    if (places == NULL)
        return oc__fail_memory(reading->context, err, (size_t)count * sizeof(*places));
    for (int64_t i = 0; i < count; i++)
        if (flags[i] != 0)
            places[kept++] = i;
    oc_tensor *list = NULL;
    oc_status status = oc_tensor_wrap(&list, reading->context, OC_I64, &OC_SHAPE(kept), places, err);
    oc_value *indices = status == OC_OK ? oc_graph_constant(reading->graph, NULL, list, err) : NULL;
    oc_tensor_destroy(&list);
    oc__free(reading->context, places);
    if (axis == NULL)
        x = oc_reshape(reading->graph, x, &OC_SHAPE(-1), err);
    return oc__onnx_give(reading, oc_gather(reading->graph, x, indices, axis == NULL ? 0 : axis->i, err), err);
}

static oc_status read_depth_to_space(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const char *mode = oc__onnx_attr_text(reading->node, "mode", "DCR");
    bool rows = strcmp(mode, "CRD") == 0;
    (void)params;
    if (!rows && strcmp(mode, "DCR") != 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "there is no mode '%.20s'", mode);
    int64_t block = oc__onnx_attr_int(reading->node, "blocksize", 0);
    return oc__onnx_give(reading, oc_depth_to_space(reading->graph, reading->in[0], block, rows, err), err);
}

static oc_status read_space_to_depth(const oc__onnx_reading *reading, void *params, oc_error *err) {
    int64_t block = oc__onnx_attr_int(reading->node, "blocksize", 0);
    (void)params;
    return oc__onnx_give(reading, oc_space_to_depth(reading->graph, reading->in[0], block, err), err);
}

/* Element t of a sequence of length n is the one at n - 1 - t, or t where it has ended. */
static oc_status read_reverse(const oc__onnx_reading *reading, void *params, oc_error *err) {
    oc_graph *graph = reading->graph;
    oc_value *x = reading->in[0];
    const oc_shape *shape = &x->shape;
    int64_t time = oc__onnx_attr_int(reading->node, "time_axis", 0), batch = oc__onnx_attr_int(reading->node, "batch_axis", 1);
    oc_shape along = {.rank = shape->rank}, across = {.rank = shape->rank};
    const double args[2] = {0, 1};
    (void)params;
    if (shape->rank < 2 || time == batch || time < 0 || time > 1 || batch < 0 || batch > 1 || oc_shape_count(shape) < 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "it needs time and batch as the first two axes, and sizes that are numbers");
    for (int i = 0; i < shape->rank; i++)
        along.dims[i] = across.dims[i] = 1;
    along.dims[time] = shape->dims[time];
    across.dims[batch] = shape->dims[batch];
    oc_value *at = make_constant(reading, OC_I64, &along, progression, args, err);
    oc_value *length = oc_reshape(graph, oc_cast(graph, reading->in[1], OC_I64, err), &across, err);
    oc_value *back = oc_sub(graph, oc_sub(graph, length, oc_graph_scalar(graph, OC_I64, 1, err), err), at, err);
    oc_value *from = oc_where(graph, oc_less(graph, at, length, err), back, at, err);
    return oc__onnx_give(reading, oc_gather_elements(graph, x, oc_expand(graph, from, shape, err), time, err), err);
}

static const oc__onnx_attr_rule reverse[] = {OC_ONNX_ATTR_HOOK("time_axis"), OC_ONNX_ATTR_HOOK("batch_axis"), {NULL}};
static const oc__onnx_attr_rule upper[] = {OC_ONNX_ATTR_HOOK("upper"), {NULL}};
static const oc__onnx_attr_rule eye[] = {OC_ONNX_ATTR_HOOK("dtype"), OC_ONNX_ATTR_HOOK("k"), {NULL}};
static const oc__onnx_attr_rule axis[] = {OC_ONNX_ATTR_HOOK("axis"), {NULL}};
static const oc__onnx_attr_rule block[] = {OC_ONNX_ATTR_HOOK("blocksize"), OC_ONNX_ATTR_HOOK("mode"), {NULL}};

#define READ(type_, since_, inputs_, params_, attrs_, reader) \
    {.type = type_, .op = "expand", .since = since_, .in_min = 1, .in_max = inputs_, .out_max = 1, .use = OC_ONNX_READ_ONLY, \
     .param_inputs = params_, .attrs = attrs_, .read = reader}

const oc__onnx_rule oc__expand_onnx[] = {
    {.type = "Expand", .op = "expand", .since = 8, .in_min = 2, .in_max = 2, .out_max = 1, .param_inputs = 2, .read = read_expand,
     .write = write_expand},
    READ("Tile", 1, 3, 6, NULL, read_tile),
    READ("Trilu", 14, 2, 2, upper, read_trilu),
    READ("EyeLike", 9, 1, 0, eye, read_eye),
    READ("Range", 11, 3, 7, NULL, read_range),
    READ("Compress", 9, 2, 2, axis, read_compress),
    {.type = "ReverseSequence", .op = "expand", .since = 10, .in_min = 2, .in_max = 2, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .attrs = reverse, .read = read_reverse},
    READ("DepthToSpace", 1, 1, 0, block, read_depth_to_space),
    READ("SpaceToDepth", 1, 1, 0, block, read_space_to_depth),
    {NULL}};
