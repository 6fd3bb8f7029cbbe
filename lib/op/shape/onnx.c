/* SPDX-License-Identifier: Apache-2.0 */
/* Moving data in ONNX: Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Concat, Cast, Identity. */
#include "op/shape/shape.h"

/* Takes shapes of numbers and of sizes of the operand: the node outlives the binding of symbols. */
static oc_status give_reshape(const oc__onnx_reading *reading, const oc_reshape_params *params, oc_error *err) {
    return oc__onnx_give(reading, oc__graph_node1(reading->graph, &oc__op_reshape, params, reading->in, 1, err), err);
}

static int64_t as_param(const oc_shape *from, int axis) {
    return from->dims[axis] >= 0 ? from->dims[axis] : OC_RESHAPE_AXIS(axis);
}

/* A size that is a symbol: the operand's axis that has it, else what is left. */
static int64_t symbol_param(const oc_shape *from, int64_t symbol) {
    for (int i = 0; i < from->rank; i++)
        if (from->dims[i] == symbol)
            return OC_RESHAPE_AXIS(i);
    return -1;
}

/* A value of the graph that has these sizes, symbols included; the latest one. */
static oc_value *value_of_shape(const oc_graph *graph, const oc_shape *shape) {
    for (size_t i = graph->value_count; i-- > 0;)
        if (oc_shape_equal(&graph->values[i]->shape, shape))
            return graph->values[i];
    return NULL;
}

/* Two sizes that are symbols and no axes of the operand's: a value that has them tells. */
static oc_value *like_of(const oc__onnx_reading *reading, const oc_reshape_params *params, const oc_shape *wanted) {
    int unknown = 0;
    for (int i = 0; i < params->rank; i++)
        unknown += params->dims[i] == -1;
    return unknown > 1 ? value_of_shape(reading->graph, wanted) : NULL;
}

/* A list of sizes: 0 copies, -1 takes what is left, once. */
static oc_status read_reshape(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_shape *from = &reading->in[0]->shape;
    oc_reshape_params *params = memory;
    oc_shape wanted = {0};
    uint64_t symbols = 0;
    bool copy = oc__onnx_attr_int(reading->node, "allowzero", 0) == 0;
    OC_TRY(oc__onnx_ints(reading, 1, params->dims, OC_MAX_RANK, &params->rank, &symbols, err));
    for (int i = 0; i < params->rank; i++) {
        int64_t size = params->dims[i];
        wanted.dims[wanted.rank++] = size == 0 && copy && i < from->rank ? from->dims[i] : size;
        if ((symbols >> i & 1) == 0 && size == -1)
            wanted.dims[i] = INT64_MIN; /* no symbol */
        if ((symbols >> i & 1) != 0)
            params->dims[i] = symbol_param(from, size);
        else if (size < -1 || (size == 0 && copy && i >= from->rank))
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "size %lld for axis %d", (long long)size, i);
        else if (size == 0 && copy)
            params->dims[i] = as_param(from, i);
    }
    oc_value *like = like_of(reading, params, &wanted);
    if (like)
        return oc__onnx_give(reading, oc_reshape_like(reading->graph, reading->in[0], like, err), err);
    return give_reshape(reading, params, err);
}

/* Symbols are written as what Reshape can say: the size in the same place (0), or what is left (-1). */
static oc_status write_reshape(oc__onnx_writing *writing, oc_error *err) {
    const oc_shape *from = &writing->source->in[0]->shape, *to = &writing->source->out[0]->shape;
    int64_t dims[OC_MAX_RANK];
    bool left = false, zero = false, copies = false;
    for (int i = 0; i < to->rank; i++) {
        bool same = i < from->rank && from->dims[i] == to->dims[i];
        dims[i] = to->dims[i] > 0 ? to->dims[i] : same || to->dims[i] == 0 ? 0 : -1;
        zero |= to->dims[i] == 0 && !same;
        copies |= to->dims[i] < 0 && same;
        if (dims[i] == -1 && left)
            return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED, "a reshape to two sizes that are not numbers");
        left |= dims[i] == -1;
    }
    if (zero && (left || copies))
        return oc__fail(writing->context, err, OC_ERROR_UNSUPPORTED, "a reshape to a size of 0 beside one that is no number");
    oc__onnx_node *node = oc__onnx_emit(writing, "Reshape");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, oc__onnx_ints_literal(writing, dims, to->rank));
    oc__onnx_emit_out(writing, node, writing->out[0]);
    if (zero)
        oc__onnx_emit_int(writing, node, "allowzero", 1);
    return OC_OK;
}

static oc_status write_reshape_like(oc__onnx_writing *writing, oc_error *err) {
    const char *shape = oc__onnx_fresh(writing);
    oc__onnx_node *node = oc__onnx_emit(writing, "Shape");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[1]);
    oc__onnx_emit_out(writing, node, shape);
    node = oc__onnx_emit(writing, "Reshape");
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_in(writing, node, shape);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    return OC_OK;
}

/* Bit i: axis i is in the list. */
static oc_status axis_set(const oc__onnx_reading *reading, int rank, uint32_t *set, int *count, oc_error *err) {
    int64_t axes[OC_MAX_RANK];
    *set = 0;
    OC_TRY(oc__onnx_axes(reading, 1, "axes", axes, count, err));
    for (int i = 0; i < *count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank || (*set >> axis & 1) != 0)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %lld is out of range or given twice", (long long)axes[i]);
        *set |= 1u << axis;
    }
    return OC_OK;
}

static oc_status read_squeeze(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_shape *from = &reading->in[0]->shape;
    oc_reshape_params *to = memory;
    uint32_t set;
    int count;
    OC_TRY(axis_set(reading, from->rank, &set, &count, err));
    for (int i = 0; i < from->rank; i++) {
        bool drop = count < 0 ? from->dims[i] == 1 : (set >> i & 1) != 0;
        if (drop && from->dims[i] != 1)
            return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "axis %d is not of size 1", i);
        if (!drop)
            to->dims[to->rank++] = as_param(from, i);
    }
    return give_reshape(reading, to, err);
}

static oc_status read_unsqueeze(const oc__onnx_reading *reading, void *memory, oc_error *err) {
    const oc_shape *from = &reading->in[0]->shape;
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "axes");
    const oc_tensor *list = oc__onnx_has_in(reading, 1) ? reading->known[1].tensor : NULL;
    int64_t more = list != NULL ? oc_tensor_get_count(list) : attr != NULL ? (int64_t)attr->count : 0;
    oc_reshape_params *to = memory;
    uint32_t set;
    int count, next = 0;
    if (more + from->rank > OC_MAX_RANK)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "the result has more than 8 axes");
    to->rank = from->rank + (int)more;
    OC_TRY(axis_set(reading, to->rank, &set, &count, err));
    if (count < 0)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "its axes are missing");
    for (int i = 0; i < to->rank; i++)
        to->dims[i] = (set >> i & 1) != 0 ? 1 : as_param(from, next++);
    return give_reshape(reading, to, err);
}

static oc_status read_transpose(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const oc__onnx_attr *attr = oc__onnx_attr_find(reading->node, "perm");
    int32_t perm[OC_MAX_RANK];
    (void)params;
    if (attr != NULL && (attr->kind != OC_ONNX_INTS || attr->count != (size_t)reading->in[0]->shape.rank))
        return oc__onnx_refuse(reading, err, OC_ERROR_SHAPE, "perm does not fit %d axes", reading->in[0]->shape.rank);
    for (size_t i = 0; attr != NULL && i < attr->count; i++)
        perm[i] = attr->ints[i] < 0 || attr->ints[i] >= OC_MAX_RANK ? -1 : (int32_t)attr->ints[i];
    return oc__onnx_give(reading, oc_transpose(reading->graph, reading->in[0], attr == NULL ? NULL : perm, err), err);
}

static oc_status write_transpose(oc__onnx_writing *writing, oc_error *err) {
    const oc_transpose_params *params = writing->source->params;
    int64_t perm[OC_MAX_RANK];
    int rank = writing->source->in[0]->shape.rank;
    oc__onnx_node *node = oc__onnx_emit(writing, "Transpose");
    (void)err;
    for (int i = 0; i < rank; i++)
        perm[i] = params->perm[i];
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_ints(writing, node, "perm", perm, rank);
    return OC_OK;
}

static oc_status read_concat(const oc__onnx_reading *reading, void *params, oc_error *err) {
    const oc__onnx_attr *axis = oc__onnx_attr_find(reading->node, "axis");
    (void)params;
    if (axis == NULL || axis->kind != OC_ONNX_INT)
        return oc__onnx_refuse(reading, err, OC_ERROR_FORMAT, "its axis is missing");
    return oc__onnx_give(reading, oc_concat(reading->graph, reading->in, (size_t)reading->node->in_count, axis->i, err), err);
}

static oc_status write_concat(oc__onnx_writing *writing, oc_error *err) {
    const oc_axis_params *params = writing->source->params;
    oc__onnx_node *node = oc__onnx_emit(writing, "Concat");
    (void)err;
    for (int i = 0; i < writing->source->in_count; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_int(writing, node, "axis", params->axis);
    return OC_OK;
}

static oc_status read_cast(const oc__onnx_reading *reading, void *params, oc_error *err) {
    int64_t to = oc__onnx_attr_int(reading->node, "to", 0);
    oc_dtype dtype = oc__onnx_dtype(to);
    (void)params;
    if (dtype == OC_DTYPE_NONE)
        return oc__onnx_refuse(reading, err, OC_ERROR_UNSUPPORTED, "the type %s is not supported", oc__onnx_dtype_name(to));
    return oc__onnx_give(reading, oc_cast(reading->graph, reading->in[0], dtype, err), err);
}

static oc_status read_cast_like(const oc__onnx_reading *reading, void *params, oc_error *err) {
    (void)params;
    return oc__onnx_give(reading, oc_cast(reading->graph, reading->in[0], reading->in[1]->dtype, err), err);
}

static oc_status write_cast(oc__onnx_writing *writing, oc_error *err) {
    oc__onnx_node *node = oc__onnx_emit(writing, "Cast");
    (void)err;
    oc__onnx_emit_in(writing, node, writing->in[0]);
    oc__onnx_emit_out(writing, node, writing->out[0]);
    oc__onnx_emit_int(writing, node, "to", oc__onnx_dtype_number(writing->source->out[0]->dtype));
    return OC_OK;
}

static const oc__onnx_attr_rule flatten[] = {OC_ONNX_ATTR_I64("axis", oc_flatten_params, axis, 1), {NULL}};
static const oc__onnx_attr_rule reshape[] = {OC_ONNX_ATTR_HOOK("allowzero"), {NULL}};
static const oc__onnx_attr_rule axes[] = {OC_ONNX_ATTR_HOOK("axes"), {NULL}};
static const oc__onnx_attr_rule perm[] = {OC_ONNX_ATTR_HOOK("perm"), {NULL}};
static const oc__onnx_attr_rule axis[] = {OC_ONNX_ATTR_HOOK("axis"), {NULL}};
static const oc__onnx_attr_rule cast[] = {OC_ONNX_ATTR_HOOK("to"), OC_ONNX_ATTR_HOOK("saturate"), {NULL}};

#define ONE(type_, op_, attrs_, ...) \
    {.type = type_, .op = op_, .since = 1, .in_min = 1, .in_max = 1, .out_max = 1, .attrs = attrs_, __VA_ARGS__}

const oc__onnx_rule oc__shape_onnx[] = {
    {.type = "Reshape", .op = "reshape", .since = 5, .in_min = 2, .in_max = 2, .out_max = 1, .param_inputs = 2,
     .attrs = reshape, .read = read_reshape, .write = write_reshape},
    {.type = "Reshape", .op = "reshape_like", .since = 5, .use = OC_ONNX_WRITE_ONLY, .write = write_reshape_like},
    {.type = "Squeeze", .op = "reshape", .since = 1, .in_min = 1, .in_max = 2, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .param_inputs = 2, .attrs = axes, .read = read_squeeze},
    {.type = "Unsqueeze", .op = "reshape", .since = 1, .in_min = 1, .in_max = 2, .out_max = 1, .use = OC_ONNX_READ_ONLY,
     .param_inputs = 2, .attrs = axes, .read = read_unsqueeze},
    ONE("Flatten", "flatten", flatten, .use = OC_ONNX_BOTH),
    ONE("Transpose", "transpose", perm, .read = read_transpose, .write = write_transpose),
    {.type = "Concat", .op = "concat", .since = 4, .in_min = 1, .in_max = OC_VARIADIC, .out_max = 1, .attrs = axis,
     .read = read_concat, .write = write_concat},
    ONE("Cast", "cast", cast, .read = read_cast, .write = write_cast),
    {.type = "CastLike", .op = "cast", .since = 15, .in_min = 2, .in_max = 2, .out_max = 1, .use = OC_ONNX_READ_ONLY, .attrs = cast,
     .read = read_cast_like},
    ONE("Identity", "identity", NULL, .use = OC_ONNX_BOTH),
    {NULL}};
