/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are cut, nested, or lie about lengths: a status and a sentence, nothing else. Under ASan in CI. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ocelli/ocelli.h>

#include "kit/model.h"
#include "onnx/schema.h"

static void refuse(kit *k, const void *data, size_t size, oc_status status, const char *part) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    uint8_t *copy = malloc(size + 1); /* of exactly this size, so that reading past the end is seen */
    assert_non_null(copy);
    memcpy(copy, data, size);
    uint8_t *exact = realloc(copy, size > 0 ? size : 1);
    KIT_FAILS(status, part, oc_onnx_read_memory(&graph, k->context, exact, size, NULL, &err), &err);
    assert_null(graph);
    free(exact);
}

static void cut_everywhere(kit *k, const uint8_t *data, size_t size, size_t step) {
    for (size_t at = 0; at < size; at += step) {
        oc_error err = {0};
        oc_graph *graph = NULL;
        uint8_t *part = malloc(at + 1);
        assert_non_null(part);
        memcpy(part, data, at);
        oc_status status = oc_onnx_read_memory(&graph, k->context, part, at, NULL, &err);
        if (status == OC_OK || err.text[0] == 0)
            fail_msg("cut at %zu: status %d, '%s'", at, (int)status, err.text);
        free(part);
    }
}

static void small_model(kit *k, oc__string *out) {
    model m;
    const float values[] = {1, 2, 3, 4};
    model_init(&m, k->context, 13);
    model_input(&m, "x", ONNX_FLOAT32, "N,1,4,4");
    model_output(&m, "y");
    model_floats(&m, "w", "1,1,2,2", values, 4);
    model_ints(&m, "pads", 4, (int64_t)1, (int64_t)0, (int64_t)1, (int64_t)0);
    model_node(&m, "Conv", "x w", "a");
    model_constant(&m, "shape", 2, (int64_t)0, (int64_t)-1);
    model_node(&m, "Reshape", "a shape", "b");
    model_node(&m, "Relu", "b", "y");
    model_bytes(&m, out);
    model_finish(&m);
}

static void test_cut(void **state) {
    (void)state;
    kit k;
    oc__string bytes;
    kit_init(&k, NULL);
    small_model(&k, &bytes);
    cut_everywhere(&k, (const uint8_t *)bytes.text, bytes.size, 1);
    oc__string_finish(&bytes);
    kit_finish(&k);
}

static void test_cut_models(void **state) {
    (void)state;
    static const char *const names[] = {"mnist_8", "lenet_mnist", "super_resolution_10"};
    kit k;
    oc_error err = {0};
    if (model_data("models") == NULL)
        skip();
    kit_init(&k, NULL);
    for (size_t i = 0; i < 3; i++) {
        char sub[64];
        oc__mapping mapping;
        snprintf(sub, sizeof(sub), "models/%s/model.onnx", names[i]);
        const char *path = model_data(sub);
        if (path == NULL)
            continue;
        KIT_OK(oc__file_map(k.context, path, &mapping, &err), &err);
        cut_everywhere(&k, mapping.data, (size_t)mapping.size, 1000);
        oc__file_unmap(k.context, &mapping);
    }
    kit_finish(&k);
}

static void test_changed_bytes(void **state) {
    (void)state;
    kit k;
    oc__string bytes;
    kit_init(&k, NULL);
    small_model(&k, &bytes);
    model_changed_bytes(k.context, &bytes);
    oc__string_finish(&bytes);
    kit_finish(&k);
}

static void wrap(kit *k, oc__string *inner, uint32_t number) {
    oc__string outer;
    oc__string_init(&outer, k->context);
    oc__wire_put_bytes(&outer, number, inner->text, inner->size);
    oc__string_finish(inner);
    *inner = outer;
}

static void test_nested(void **state) {
    (void)state;
    kit k;
    oc__string bytes;
    kit_init(&k, NULL);
    oc__string_init(&bytes, k.context);
    oc__wire_put_text(&bytes, GRAPH_NAME, "innermost");
    for (int i = 0; i < 5000; i++) { /* graphs in attributes of nodes of graphs */
        wrap(&k, &bytes, ATTRIBUTE_G);
        wrap(&k, &bytes, NODE_ATTRIBUTE);
        wrap(&k, &bytes, GRAPH_NODE);
    }
    wrap(&k, &bytes, MODEL_GRAPH);
    refuse(&k, bytes.text, bytes.size, OC_ERROR_FORMAT, "nested");
    oc__string_finish(&bytes);
    oc__string_init(&bytes, k.context);
    for (int i = 0; i < 5000; i++) { /* types of sequences of sequences */
        wrap(&k, &bytes, 1);
        wrap(&k, &bytes, 4);
    }
    wrap(&k, &bytes, VALUE_TYPE);
    wrap(&k, &bytes, GRAPH_INPUT);
    wrap(&k, &bytes, MODEL_GRAPH);
    refuse(&k, bytes.text, bytes.size, OC_ERROR_FORMAT, "nested");
    oc__string_finish(&bytes);
    kit_finish(&k);
}

static void test_lengths(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    static const uint8_t past[] = {0x3a, 0x05, 0x0a};                                                   /* 5 bytes of 1 */
    static const uint8_t huge[] = {0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x0a};   /* 2^63 - 1 */
    static const uint8_t all[] = {0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};    /* 2^64 - 1 */
    static const uint8_t over[] = {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};   /* more than 64 bits */
    static const uint8_t endless[] = {0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
    static const uint8_t group[] = {0x3b, 0x3c}; /* a type that is no longer in use */
    static const uint8_t zero[] = {0x00, 0x00};  /* field number 0 */
    refuse(&k, past, sizeof(past), OC_ERROR_FORMAT, "past the end");
    refuse(&k, huge, sizeof(huge), OC_ERROR_FORMAT, "past the end");
    refuse(&k, all, sizeof(all), OC_ERROR_FORMAT, "past the end");
    refuse(&k, over, sizeof(over), OC_ERROR_FORMAT, "64 bits");
    refuse(&k, endless, sizeof(endless), OC_ERROR_FORMAT, "64 bits");
    refuse(&k, group, sizeof(group), OC_ERROR_FORMAT, "no longer in use");
    refuse(&k, zero, sizeof(zero), OC_ERROR_FORMAT, "out of range");
    refuse(&k, "", 0, OC_ERROR_FORMAT, "no ONNX model");
    kit_finish(&k);
}

static void put_sizes(model *m, const char *dims) {
    const float value = 1;
    model_init(m, m->context, 13);
    model_output(m, "y");
    model_floats(m, "w", dims, &value, 1);
    model_node(m, "Relu", "w", "y");
}

static void test_sizes(void **state) {
    (void)state;
    static const char *const dims[] = {"4294967296,4294967296,4294967296", "1000000000000", "9223372036854775807,2",
                                       "18446744073709551615"};
    kit k;
    kit_init(&k, NULL);
    for (size_t i = 0; i < 4; i++) {
        model m = {.context = k.context};
        oc__string bytes;
        put_sizes(&m, dims[i]);
        model_bytes(&m, &bytes);
        refuse(&k, bytes.text, bytes.size, OC_ERROR_FORMAT, "");
        oc__string_finish(&bytes);
        model_finish(&m);
    }
    kit_finish(&k);
}

static void put_file(kit *k, const char *name, const void *data, size_t size) {
    FILE *file = fopen(kit_path(k, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* A model whose weights (two floats) lie in a file of this name. */
static void put_external(kit *k, const char *location, const char *length) {
    oc__string field, entry, bytes;
    model m;
    const char *const pairs[][2] = {{"location", location}, {"offset", "4"}, {"length", length}};
    oc__string_init(&field, k->context);
    for (int i = 0; i < 3; i++) {
        oc__string_init(&entry, k->context);
        oc__wire_put_text(&entry, ENTRY_KEY, pairs[i][0]);
        oc__wire_put_text(&entry, ENTRY_VALUE, pairs[i][1]);
        oc__wire_put_bytes(&field, TENSOR_EXTERNAL, entry.text, entry.size);
        oc__string_finish(&entry);
    }
    oc__wire_put_varint(&field, TENSOR_LOCATION, 1);
    model_init(&m, k->context, 13);
    model_field(&m, "w", ONNX_FLOAT32, "2", &field);
    model_node(&m, "Neg", "w", "y");
    model_output(&m, "y");
    model_bytes(&m, &bytes);
    put_file(k, "model.onnx", bytes.text, bytes.size);
    oc__string_finish(&bytes);
    oc__string_finish(&field);
    model_finish(&m);
}

static void external_fails(kit *k, const char *location, const char *length, const char *part) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    put_external(k, location, length);
    oc_status status = oc_onnx_read(&graph, k->context, kit_path(k, "model.onnx"), &err);
    assert_true(status != OC_OK && graph == NULL);
    if (strstr(err.text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, err.text);
}

static void test_external(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_graph *graph;
    float values[3] = {7, 1, -2};
    kit_init(&k, NULL);
    oc__swap_to_little(values, sizeof(values), sizeof(float));
    put_file(&k, "weights.bin", values, sizeof(values));
    put_external(&k, "weights.bin", "8");
    KIT_OK(oc_onnx_read(&graph, k.context, kit_path(&k, "model.onnx"), &err), &err);
    double *y;
    assert_int_equal(model_compute(graph, 1, 0, &y), 2);
    assert_true(y[0] == -1 && y[1] == 2);
    free(y);
    oc_graph_destroy(&graph);
    external_fails(&k, "weights.bin", "9", "past the end");
    external_fails(&k, "weights.bin", "4", "number of elements");
    external_fails(&k, "weights.bin", "eight", "no number");
    external_fails(&k, "missing.bin", "8", "not there");
    external_fails(&k, "/etc/passwd", "8", "absolute");
    external_fails(&k, "../weights.bin", "8", "leaves");
    external_fails(&k, "sub/../../weights.bin", "8", "leaves");
    external_fails(&k, "", "8", "no location");
    char link[600];
    snprintf(link, sizeof(link), "%s", kit_path(&k, "link.bin"));
    assert_int_equal(symlink("weights.bin", link), 0);
    external_fails(&k, "link.bin", "8", "symbolic link");
    snprintf(link, sizeof(link), "%s", kit_path(&k, "folder"));
    assert_int_equal(symlink(".", link), 0);
    external_fails(&k, "folder/weights.bin", "8", "symbolic link");
    kit_finish(&k);
}

/* More than 4 GB: a field that is not looked at, of a file with a hole, and a model behind it. */
static void test_large(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc__string bytes, head;
    const uint64_t hole = (uint64_t)5 << 30;
    kit_init(&k, NULL);
    small_model(&k, &bytes);
    oc__string_init(&head, k.context);
    oc__wire_put_head(&head, 6, hole); /* doc_string */
    put_file(&k, "large.onnx", head.text, head.size);
    FILE *file = fopen(kit_path(&k, "large.onnx"), "r+b");
    assert_non_null(file);
    bool there = fseeko(file, (off_t)(head.size + hole), SEEK_SET) == 0 && fwrite(bytes.text, 1, bytes.size, file) == bytes.size;
    there = fclose(file) == 0 && there;
    if (there && sizeof(size_t) < 8) {
        KIT_FAILS(OC_ERROR_MEMORY, "out of memory", oc_onnx_read(&graph, k.context, kit_path(&k, "large.onnx"), &err), &err);
    } else if (there) {
        KIT_OK(oc_onnx_read(&graph, k.context, kit_path(&k, "large.onnx"), &err), &err);
        assert_int_equal(truncate(kit_path(&k, "large.onnx"), (off_t)hole), 0);
        oc_graph_destroy(&graph);
        KIT_FAILS(OC_ERROR_FORMAT, "past the end", oc_onnx_read(&graph, k.context, kit_path(&k, "large.onnx"), &err), &err);
    } else
        print_message("skipped: the folder takes no file of 5 GB\n");
    oc__string_finish(&head);
    oc__string_finish(&bytes);
    kit_finish(&k);
}

static void test_tensor_files(void **state) {
    (void)state;
    kit k;
    oc_error err = {0};
    oc_tensor *tensor = NULL;
    char name[4];
    static const uint8_t bytes[] = {0x08, 0x02, 0x10, 0x01, 0x42, 0x05, 'h', 'e', 'l', 'l', 'o',
                                    0x4a, 0x08, 0,    0,    0x80, 0x3f, 0,   0,   0,   0xc0};
    kit_init(&k, NULL);
    put_file(&k, "t.pb", bytes, sizeof(bytes));
    KIT_OK(oc_onnx_read_tensor(&tensor, k.context, kit_path(&k, "t.pb"), name, sizeof(name), &err), &err);
    assert_string_equal(name, "hel");
    assert_true(((float *)oc_tensor_get_data(tensor))[0] == 1 && ((float *)oc_tensor_get_data(tensor))[1] == -2);
    oc_tensor_destroy(&tensor);
    for (size_t size = 0; size < sizeof(bytes); size++) {
        put_file(&k, "t.pb", bytes, size);
        assert_true(oc_onnx_read_tensor(&tensor, k.context, kit_path(&k, "t.pb"), NULL, 0, &err) != OC_OK);
        assert_null(tensor);
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut),           cmocka_unit_test(test_cut_models),
                                       cmocka_unit_test(test_changed_bytes), cmocka_unit_test(test_nested),
                                       cmocka_unit_test(test_lengths),       cmocka_unit_test(test_sizes),
                                       cmocka_unit_test(test_external),      cmocka_unit_test(test_large),
                                       cmocka_unit_test(test_tensor_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
