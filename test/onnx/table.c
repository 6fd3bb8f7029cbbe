/* SPDX-License-Identifier: Apache-2.0 */
/* docs/operators.md is what the rules say. OCELLI_WRITE_TABLE=1 writes it anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/kit.h"
#include "onnx/reader.h"

#define MOST 512

typedef struct row {
    const char *type;
    uint32_t read;    /* bit o: opset o */
    int written;      /* the lowest opset of files that have it; 0: none */
} row;

static row rows[MOST];
static size_t count;

static row *row_of(const char *type) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].type, type) == 0)
            return &rows[i];
    assert_true(count < MOST);
    rows[count] = (row){.type = type};
    return &rows[count++];
}

static void add_reading(const char *type) {
    const oc__onnx_node node = {.type = type, .domain = ""};
    row *r = row_of(type);
    for (int opset = OC_ONNX_OPSET_MIN; opset <= OC_ONNX_OPSET_MAX; opset++)
        if (oc__onnx_rule_find(NULL, &node, opset, NULL) != NULL || oc__onnx_control_find(&node, opset) != NULL ||
            oc__onnx_folds(&node))
            r->read |= (uint32_t)1 << opset;
}

static void add_rules(const oc__onnx_rule *rule) {
    for (; rule != NULL && rule->type != NULL; rule++)
        if (rule->domain == NULL)
            add_reading(rule->type);
}

static void collect(void) {
    static const char *const others[] = {"Constant", "ConstantOfShape", "Shape", "Size", "If", "Loop", "Scan"};
    count = 0;
    for (size_t i = 0; i < OC_COUNT(others); i++)
        add_reading(others[i]);
    for (const oc__op *const *op = oc__ops; *op != NULL; op++)
        add_rules((*op)->onnx);
    for (const oc__onnx_rule *const *list = oc__onnx_composed; *list != NULL; list++)
        add_rules(*list);
    for (const oc__op *const *op = oc__ops; *op != NULL; op++) {
        const oc__onnx_rule *rule = oc__onnx_rule_of(*op);
        if (rule != NULL && rule->domain == NULL)
            row_of(rule->type)->written = OC_MAX(rule->since, OC_ONNX_OPSET_WRITTEN);
    }
}

static int by_type(const void *a, const void *b) {
    return strcmp(((const row *)a)->type, ((const row *)b)->type);
}

/* "1-12, 18-22" */
static void print_opsets(oc__string *out, uint32_t read) {
    const char *separator = "";
    for (int o = OC_ONNX_OPSET_MIN; o <= OC_ONNX_OPSET_MAX; o++) {
        int last = o;
        if ((read >> o & 1) == 0)
            continue;
        while (last < OC_ONNX_OPSET_MAX && (read >> (last + 1) & 1) != 0)
            last++;
        oc__string_printf(out, last > o ? "%s%d-%d" : "%s%d", separator, o, last);
        separator = ", ";
        o = last;
    }
}

static void print_table(oc__string *out) {
    oc__string_append(out, "# ONNX operators\n\n"
                           "Made by `test/onnx/table.c` from the rules that read and write them; a test checks that it is current, and with\n"
                           "`OCELLI_WRITE_TABLE=1` writes it. Read: in which opsets of a model; a form is that of the operator's version in it.\n");
    oc__string_printf(out, "Written: the opset of the files that have nodes of it, %d or what the graph needs; what is left out is written as the\n"
                           "nodes it is made of.\n\n| operator | read in opsets | written |\n|---|---|---|\n", OC_ONNX_OPSET_WRITTEN);
    for (size_t i = 0; i < count; i++) {
        oc__string_printf(out, "| %s | ", rows[i].type);
        print_opsets(out, rows[i].read);
        oc__string_printf(out, rows[i].written ? " | %d |\n" : " | |\n", rows[i].written);
    }
    oc__string_printf(out, "\n%zu operators.\n", count);
}

static void test_current(void **state) {
    (void)state;
    kit k;
    oc__string text;
    static char file[1 << 16];
    const char *path = OCELLI_DOCS "/operators.md";
    kit_init(&k, NULL);
    oc__string_init(&text, k.context);
    collect();
    qsort(rows, count, sizeof(*rows), by_type);
    print_table(&text);
    if (getenv("OCELLI_WRITE_TABLE") != NULL) {
        FILE *out = fopen(path, "wb");
        assert_true(out != NULL && fwrite(text.text, 1, text.size, out) == text.size && fclose(out) == 0);
    }
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t size = fread(file, 1, sizeof(file), in);
    fclose(in);
    if (size != text.size || memcmp(file, text.text, size) != 0)
        fail_msg("docs/operators.md is not what the rules say: run this test with OCELLI_WRITE_TABLE=1");
    oc__string_finish(&text);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_current)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
