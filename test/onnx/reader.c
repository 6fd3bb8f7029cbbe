/* SPDX-License-Identifier: Apache-2.0 */
/* A second reader: protobuf-c with Debian's onnx.proto must find in every model and tensor what lib/onnx finds. */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "onnx.pb-c.h"
#include "onnx/model.h"

static oc_context *context;
static const char *file; /* being read */
static struct {
    size_t models, tensors, nodes, attributes, initializers, bytes;
} seen;

static void same_number(const char *what, const char *name, int64_t ours, int64_t theirs) {
    if (ours != theirs)
        fail_msg("%s: %s of '%s' is %" PRId64 " here and %" PRId64 " by protobuf-c", file, what, name, ours, theirs);
}

static void same_text(const char *what, const char *ours, const char *theirs) {
    if (strcmp(ours, theirs ? theirs : "") != 0)
        fail_msg("%s: %s is '%s' here and '%s' by protobuf-c", file, what, ours, theirs ? theirs : "");
}

static void same_bytes(const char *name, const void *ours, const void *theirs, size_t size) {
    if (size && memcmp(ours, theirs, size) != 0)
        fail_msg("%s: the elements of '%s' differ", file, name);
    seen.bytes += size;
}

/* Element i of what protobuf-c unpacked, as the bytes of its type (little-endian hosts). */
static void element_of(const Onnx__TensorProto *tensor, oc_dtype dtype, size_t i, uint8_t *out) {
    size_t size = oc_dtype_size(dtype);
    if (dtype == OC_F32)
        memcpy(out, &tensor->float_data[i], size);
    else if (dtype == OC_F64)
        memcpy(out, &tensor->double_data[i], size);
    else if (dtype == OC_I64)
        memcpy(out, &tensor->int64_data[i], size);
    else if (dtype == OC_U64 || dtype == OC_U32)
        memcpy(out, &tensor->uint64_data[i], size);
    else
        memcpy(out, &tensor->int32_data[i], size);
}

static void same_elements(const oc__onnx_tensor *ours, const Onnx__TensorProto *theirs, oc_dtype dtype) {
    oc__onnx_files files = {context, NULL, NULL, 0, 0};
    oc_tensor *tensor;
    oc_error err;
    uint8_t element[8];
    KIT_OK(oc__onnx_tensor_load(&tensor, context, ours, &files, &err), &err);
    const uint8_t *data = oc_tensor_get_data(tensor);
    size_t size = oc_dtype_size(dtype), count = (size_t)oc_tensor_get_count(tensor);
    if (theirs->has_raw_data) {
        same_number("the size", ours->name, (int64_t)(size * count), (int64_t)theirs->raw_data.len);
        same_bytes(ours->name, data, theirs->raw_data.data, size * count);
    }
    for (size_t i = 0; i < count && !theirs->has_raw_data; i++) {
        element_of(theirs, dtype, i, element);
        same_bytes(ours->name, data + size * i, element, size);
    }
    oc_tensor_destroy(&tensor);
}

static void same_tensor(const oc__onnx_tensor *ours, const Onnx__TensorProto *theirs) {
    same_text("a tensor's name", ours->name, theirs->name);
    same_number("the type", ours->name, ours->type, theirs->data_type);
    same_number("the rank", ours->name, ours->shape.rank, (int64_t)theirs->n_dims);
    for (int i = 0; i < ours->shape.rank; i++)
        same_number("a size", ours->name, ours->shape.dims[i], theirs->dims[i]);
    same_number("external data", ours->name, ours->external, theirs->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL);
    if (!ours->external && oc__onnx_dtype(ours->type))
        same_elements(ours, theirs, oc__onnx_dtype(ours->type));
}

static void same_graph(const oc__onnx_graph *ours, const Onnx__GraphProto *theirs);

static void same_attribute(const oc__onnx_attr *ours, const Onnx__AttributeProto *theirs) {
    same_text("an attribute's name", ours->name, theirs->name);
    same_text("an attribute's reference", ours->reference, theirs->ref_attr_name);
    if (theirs->has_type)
        same_number("the type", ours->name, ours->kind, theirs->type);
    float number = theirs->f;
    if (ours->kind == OC_ONNX_FLOAT)
        same_bytes(ours->name, &(float){(float)ours->f}, &number, sizeof(number));
    if (ours->kind == OC_ONNX_INT)
        same_number("the value", ours->name, ours->i, theirs->i);
    if (ours->kind == OC_ONNX_STRING && !memchr(theirs->s.data, 0, theirs->s.len)) {
        same_number("the length", ours->name, (int64_t)strlen(ours->s), (int64_t)theirs->s.len);
        same_bytes(ours->name, ours->s, theirs->s.data, theirs->s.len);
    }
    if (ours->kind == OC_ONNX_FLOATS || ours->kind == OC_ONNX_INTS) {
        bool ints = ours->kind == OC_ONNX_INTS;
        same_number("the count", ours->name, (int64_t)ours->count, (int64_t)(ints ? theirs->n_ints : theirs->n_floats));
        same_bytes(ours->name, ints ? (const void *)ours->ints : ours->floats, ints ? (const void *)theirs->ints : theirs->floats,
                   ours->count * (ints ? sizeof(int64_t) : sizeof(float)));
    }
    if (ours->kind == OC_ONNX_TENSOR && theirs->t) {
        oc__onnx_tensor tensor;
        oc__arena arena;
        oc_error err;
        oc__arena_init(&arena, context);
        KIT_OK(oc__onnx_tensor_parse(&tensor, &arena, (oc__span){ours->message, ours->message_size}, false, &err), &err);
        same_tensor(&tensor, theirs->t);
        oc__arena_finish(&arena);
    }
    same_number("a body", ours->name, ours->graph != NULL, theirs->g != NULL);
    if (ours->graph)
        same_graph(ours->graph, theirs->g);
    seen.attributes++;
}

static void same_names(const char *what, const char *const *ours, int count, char **theirs, size_t their_count) {
    for (size_t i = 0; i < their_count || i < (size_t)count; i++) /* left out ones at the end need not be there */
        same_text(what, i < (size_t)count ? ours[i] : "", i < their_count ? theirs[i] : "");
}

static void same_node(const oc__onnx_node *ours, const Onnx__NodeProto *theirs) {
    same_text("a node's name", ours->name, theirs->name);
    same_text("a node's operator", ours->type, theirs->op_type);
    same_text("a node's domain", ours->domain, theirs->domain);
    same_names("a node's input", ours->in, ours->in_count, theirs->input, theirs->n_input);
    same_names("a node's output", ours->out, ours->out_count, theirs->output, theirs->n_output);
    same_number("attributes", ours->name, ours->attr_count, (int64_t)theirs->n_attribute);
    for (int i = 0; i < ours->attr_count; i++)
        same_attribute(&ours->attrs[i], theirs->attribute[i]);
    seen.nodes++;
}

static void same_value(const oc__onnx_value *ours, const Onnx__ValueInfoProto *theirs) {
    same_text("a value's name", ours->name, theirs->name);
    const Onnx__TypeProto__Tensor *type = NULL;
    if (theirs->type && theirs->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        type = theirs->type->tensor_type;
    same_number("the type", ours->name, ours->type, type ? type->elem_type : 0);
    same_number("a shape", ours->name, ours->has_shape, type && type->shape);
    if (!ours->has_shape)
        return;
    same_number("the rank", ours->name, ours->rank, (int64_t)type->shape->n_dim);
    for (int i = 0; i < ours->rank; i++) {
        const Onnx__TensorShapeProto__Dimension *dim = type->shape->dim[i];
        bool number = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE && dim->dim_value >= 0;
        bool param = dim->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        same_number("a size", ours->name, ours->dims[i].size, number ? dim->dim_value : -1);
        same_text("a size's name", ours->dims[i].param, param ? dim->dim_param : "");
    }
}

static void same_graph(const oc__onnx_graph *ours, const Onnx__GraphProto *theirs) {
    same_number("nodes", "the graph", (int64_t)ours->node_count, (int64_t)theirs->n_node);
    same_number("initializers", "the graph", (int64_t)ours->initializer_count, (int64_t)theirs->n_initializer);
    same_number("sparse initializers", "the graph", (int64_t)ours->sparse_count, (int64_t)theirs->n_sparse_initializer);
    same_number("inputs", "the graph", (int64_t)ours->input_count, (int64_t)theirs->n_input);
    same_number("outputs", "the graph", (int64_t)ours->output_count, (int64_t)theirs->n_output);
    for (size_t i = 0; i < ours->node_count; i++)
        same_node(&ours->nodes[i], theirs->node[i]);
    for (size_t i = 0; i < ours->initializer_count; i++)
        same_tensor(&ours->initializers[i], theirs->initializer[i]);
    for (size_t i = 0; i < ours->input_count; i++)
        same_value(&ours->inputs[i], theirs->input[i]);
    for (size_t i = 0; i < ours->output_count; i++)
        same_value(&ours->outputs[i], theirs->output[i]);
    seen.initializers += ours->initializer_count;
}

static void same_function(const oc__onnx_function *ours, const Onnx__FunctionProto *theirs) {
    same_text("a function's name", ours->name, theirs->name);
    same_text("a function's domain", ours->domain, theirs->domain);
    same_names("a function's input", ours->in, ours->in_count, theirs->input, theirs->n_input);
    same_names("a function's output", ours->out, ours->out_count, theirs->output, theirs->n_output);
    same_number("nodes", ours->name, (int64_t)ours->body.node_count, (int64_t)theirs->n_node);
    for (size_t i = 0; i < ours->body.node_count; i++)
        same_node(&ours->body.nodes[i], theirs->node[i]);
}

static void same_model(oc__span data) {
    oc__onnx_model ours;
    oc_error err;
    Onnx__ModelProto *theirs = onnx__model_proto__unpack(NULL, data.size, data.data);
    if (!theirs)
        fail_msg("%s: protobuf-c cannot read it", file);
    KIT_OK(oc__onnx_model_init(&ours, context, data, &err), &err);
    same_number("the version", "the model", ours.ir_version, theirs->ir_version);
    for (size_t i = 0; i < theirs->n_opset_import; i++)
        if (!theirs->opset_import[i]->domain || !theirs->opset_import[i]->domain[0])
            same_number("the opset", "the model", ours.opset, theirs->opset_import[i]->version);
    same_number("metadata", "the model", (int64_t)ours.metadata_count, (int64_t)theirs->n_metadata_props);
    for (size_t i = 0; i < ours.metadata_count; i++) {
        same_text("a key", ours.metadata[i].key, theirs->metadata_props[i]->key);
        same_text("a text", ours.metadata[i].text, theirs->metadata_props[i]->value);
    }
    same_number("functions", "the model", (int64_t)ours.function_count, (int64_t)theirs->n_functions);
    for (size_t i = 0; i < ours.function_count; i++)
        same_function(&ours.functions[i], theirs->functions[i]);
    same_graph(&ours.graph, theirs->graph);
    oc__onnx_model_finish(&ours);
    onnx__model_proto__free_unpacked(theirs, NULL);
    seen.models++;
}

/* Of the .pb files some are sequences or optionals: as tensors they have no type, or not the elements that their shape says. */
static bool is_tensor(const Onnx__TensorProto *tensor) {
    oc_dtype dtype = tensor ? oc__onnx_dtype(tensor->data_type) : OC_DTYPE_NONE;
    if (!dtype || tensor->n_dims > OC_MAX_RANK)
        return false;
    int64_t count = 1;
    for (size_t i = 0; i < tensor->n_dims; i++)
        if (!oc__mul_i64(count, tensor->dims[i], &count))
            return false;
    size_t listed = tensor->n_float_data + tensor->n_double_data + tensor->n_int32_data + tensor->n_int64_data + tensor->n_uint64_data;
    return count == (int64_t)(tensor->has_raw_data ? tensor->raw_data.len / oc_dtype_size(dtype) : listed);
}

static void same_tensor_file(oc__span data) {
    oc__onnx_tensor ours;
    oc__arena arena;
    oc_error err;
    Onnx__TensorProto *theirs = onnx__tensor_proto__unpack(NULL, data.size, data.data);
    if (is_tensor(theirs)) {
        oc__arena_init(&arena, context);
        KIT_OK(oc__onnx_tensor_parse(&ours, &arena, data, false, &err), &err);
        same_tensor(&ours, theirs);
        oc__arena_finish(&arena);
        seen.tensors++;
    }
    onnx__tensor_proto__free_unpacked(theirs, NULL);
}

static int look(const char *path, const struct stat *info, int flag, struct FTW *walk) {
    const char *ending = strrchr(path, '.');
    oc__mapping mapping;
    oc_error err;
    (void)info, (void)walk;
    bool model = ending && strcmp(ending, ".onnx") == 0, tensor = ending && strcmp(ending, ".pb") == 0;
    if (flag != FTW_F || !(model || tensor))
        return 0;
    file = path;
    KIT_OK(oc__file_map(context, path, &mapping, &err), &err);
    (model ? same_model : same_tensor_file)((oc__span){mapping.data, mapping.size});
    oc__file_unmap(context, &mapping);
    return 0;
}

static void test_folders(void **state) {
    const char *data = getenv("OCELLI_DATA"), *folders[] = {data ? data : "", "/usr/share/libonnx-testdata/data"};
    kit k;
    kit_init(&k, NULL);
    context = k.context;
    (void)state;
    for (size_t i = 0; i < OC_COUNT(folders); i++)
        if (nftw(folders[i], look, 16, FTW_PHYS) != 0)
            print_message("there is no folder '%s'\n", folders[i]);
    print_message("%zu models, %zu tensors: %zu nodes, %zu attributes, %zu initializers, %zu bytes agree\n", seen.models, seen.tensors,
                  seen.nodes, seen.attributes, seen.initializers, seen.bytes);
    kit_finish(&k);
    if (!seen.models)
        skip();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_folders)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
