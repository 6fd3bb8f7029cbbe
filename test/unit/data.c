/* SPDX-License-Identifier: Apache-2.0 */
/* .npy and idx files, whole and broken. */
#include "kit/kit.h"

#include <stdlib.h>
#include <string.h>

#include <ocelli/data.h>

#include "base/base.h"

static oc_error err;

static void test_npy_round(void **state) {
    (void)state;
    kit k;
    uint8_t data[8 * 24];
    const oc_shape shapes[] = {OC_SCALAR, OC_SHAPE(3), OC_SHAPE(2, 0, 3), OC_SHAPE(2, 3, 4), {8, {1, 2, 1, 3, 1, 1, 2, 2}}};
    kit_init(&k, NULL);
    oc_device *devices[] = {NULL, kit_open(&k)};
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = i % 2;
    for (size_t s = 0; s < OC_COUNT(shapes); s++)
        for (int type = 1; type < OC_DTYPE_END; type++)
            for (int d = 0; d < 2; d++) {
                oc_tensor *a, *b;
                uint8_t back[sizeof data];
                KIT_OK(oc_tensor_create(&a, k.context, devices[d], (oc_dtype)type, &shapes[s], &err), &err);
                uint64_t size = oc_tensor_get_bytes(a);
                KIT_OK(oc_tensor_write(a, data, size, &err), &err);
                KIT_OK(oc_npy_write(a, kit_path(&k, "a.npy"), &err), &err);
                KIT_OK(oc_npy_read(&b, k.context, kit_path(&k, "a.npy"), &err), &err);
                assert_int_equal(oc_tensor_get_dtype(b), type);
                assert_true(oc_shape_equal(oc_tensor_get_shape(b), &shapes[s]));
                KIT_OK(oc_tensor_read(b, back, size, &err), &err);
                assert_memory_equal(back, data, size);
                oc_tensor_destroy(&a);
                oc_tensor_destroy(&b);
            }
    kit_finish(&k);
}

/* An .npy file of a header and bytes of data that count up. */
static size_t make(uint8_t *file, int version, const char *header, size_t data) {
    size_t size = strlen(header), start = version == 1 ? 10 : 12;
    memcpy(file, "\x93NUMPY", 6);
    file[6] = (uint8_t)version;
    file[7] = 0;
    file[8] = (uint8_t)size;
    file[9] = (uint8_t)(size >> 8);
    if (version != 1)
        file[10] = file[11] = 0;
    memcpy(file + start, header, size);
    for (size_t i = 0; i < data; i++)
        file[start + size + i] = (uint8_t)i;
    return start + size + data;
}

/* The bytes of a file are the same on every host. */
static void test_npy_byte_order(void **state) {
    (void)state;
    kit k;
    uint8_t file[256];
    static const uint8_t bytes[8] = {0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0};
    oc_tensor *t;
    oc__mapping written;
    kit_init(&k, NULL);
    size_t size = make(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 8);
    memcpy(file + size - 8, bytes, 8);
    KIT_OK(oc_npy_parse(&t, k.context, file, size, NULL, &err), &err);
    const float *got = oc_tensor_get_data(t);
    assert_true(got[0] == 1 && got[1] == -2.5f);
    KIT_OK(oc_npy_write(t, kit_path(&k, "a.npy"), &err), &err);
    oc_tensor_destroy(&t);
    KIT_OK(oc__file_map(k.context, kit_path(&k, "a.npy"), &written, &err), &err);
    assert_true(written.size > 8);
    assert_memory_equal(written.data + written.size - 8, bytes, 8);
    oc__file_unmap(k.context, &written);
    kit_finish(&k);
}

static void test_npy_variants(void **state) {
    (void)state;
    kit k;
    uint8_t file[1000];
    oc_tensor *t;
    kit_init(&k, NULL);
    size_t size = make(file, 1, "{\"shape\":(2,3),'fortran_order':True,'descr':'|u1'}\n", 6);
    KIT_OK(oc_npy_parse(&t, k.context, file, size, NULL, &err), &err);
    const uint8_t want[] = {0, 2, 4, 1, 3, 5};
    assert_memory_equal(oc_tensor_get_data(t), want, 6);
    oc_tensor_destroy(&t);
    size = make(file, 3, "{'descr': '<i8', 'fortran_order': False, 'shape': (2L,), }   \n", 16);
    KIT_OK(oc_npy_parse(&t, k.context, file, size, NULL, &err), &err);
    assert_int_equal(oc_tensor_get_count(t), 2);
    oc_tensor_destroy(&t);
    size = make(file, 2, "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", 3);
    KIT_OK(oc_npy_parse(&t, k.context, file, size, NULL, &err), &err);
    const uint8_t bools[] = {0, 1, 1};
    assert_memory_equal(oc_tensor_get_data(t), bools, 3);
    oc_tensor_destroy(&t);
    kit_finish(&k);
}

static void test_npy_broken(void **state) {
    (void)state;
    kit k;
    uint8_t file[2000];
    oc_tensor *t = NULL;
    static const struct {
        oc_status status;
        const char *part, *header;
        size_t data;
    } cases[] = {
        {OC_ERROR_UNSUPPORTED, "<u8", "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8},
        {OC_ERROR_UNSUPPORTED, "'>f4'", "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4},
        {OC_ERROR_UNSUPPORTED, "records", "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4},
        {OC_ERROR_FORMAT, "holds 3 bytes", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 3},
        {OC_ERROR_FORMAT, "holds 5 bytes", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5},
        {OC_ERROR_FORMAT, "lacks", "{'descr': '<f4', 'fortran_order': False}", 4},
        {OC_ERROR_FORMAT, "lacks", "{}", 4},
        {OC_ERROR_FORMAT, "twice", "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4},
        {OC_ERROR_FORMAT, "none of", "{'descr': '<f4', 'other': 1, 'fortran_order': False, 'shape': (1,), }", 4},
        {OC_ERROR_FORMAT, "neither", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", 4},
        {OC_ERROR_FORMAT, "tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': 1, }", 4},
        {OC_ERROR_FORMAT, "tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (1), }", 4},
        {OC_ERROR_FORMAT, "tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4},
        {OC_ERROR_FORMAT, "tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }", 4},
        {OC_ERROR_FORMAT, "tuple", "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4},
        {OC_ERROR_LIMIT, "larger", "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 4},
        {OC_ERROR_UNSUPPORTED, "8 axes", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }", 4},
        {OC_ERROR_FORMAT, "dictionary", "'descr': '<f4'", 4},
        {OC_ERROR_FORMAT, "follows", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x", 4},
        {OC_ERROR_FORMAT, "comma", "{'descr': '<f4' 'fortran_order': False, 'shape': (1,), }", 4},
        {OC_ERROR_FORMAT, "descr is no text", "{'descr': 4, 'fortran_order': False, 'shape': (1,), }", 4},
        {OC_ERROR_FORMAT, "", "{'descr': '<f4", 0},
        {OC_ERROR_FORMAT, "", "", 0},
    };
    kit_init(&k, NULL);
    for (size_t i = 0; i < OC_COUNT(cases); i++) {
        size_t size = make(file, 1, cases[i].header, cases[i].data);
        KIT_FAILS(cases[i].status, cases[i].part, oc_npy_parse(&t, k.context, file, size, "x", &err), &err);
    }
    size_t size = make(file, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 4);
    for (size_t cut = 0; cut < size; cut++) { /* from a heap block of that size, for the address sanitizer */
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, file, cut);
        assert_int_equal(oc_npy_parse(&t, k.context, copy, cut, "x", &err), OC_ERROR_FORMAT);
        free(copy);
    }
    for (size_t at = 0; at < size; at++)
        for (int bit = 0; bit < 8; bit++) {
            file[at] ^= (uint8_t)(1 << bit);
            if (oc_npy_parse(&t, k.context, file, size, "x", &err) == OC_OK)
                oc_tensor_destroy(&t);
            file[at] ^= (uint8_t)(1 << bit);
        }
    file[6] = 9;
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "version 9", oc_npy_parse(&t, k.context, file, size, "x", &err), &err);
    KIT_FAILS(OC_ERROR_IO, "none.npy", oc_npy_read(&t, k.context, kit_path(&k, "none.npy"), &err), &err);
    assert_null(t);
    kit_finish(&k);
}

static void test_idx(void **state) {
    (void)state;
    kit k;
    oc_tensor *t;
    const uint8_t good[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
    uint8_t bad[sizeof good];
    kit_init(&k, NULL);
    KIT_OK(oc_idx_parse(&t, k.context, good, sizeof good, &err), &err);
    assert_true(oc_shape_equal(oc_tensor_get_shape(t), &OC_SHAPE(2, 3)));
    assert_memory_equal(oc_tensor_get_data(t), good + 12, 6);
    oc_tensor_destroy(&t);
    for (size_t cut = 0; cut < sizeof good; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, good, cut);
        assert_int_equal(oc_idx_parse(&t, k.context, copy, cut, &err), OC_ERROR_FORMAT);
        free(copy);
    }
    memcpy(bad, good, sizeof good);
    bad[2] = 0x0d;
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "0x0d", oc_idx_parse(&t, k.context, bad, sizeof bad, &err), &err);
    bad[2] = 8;
    bad[3] = 5;
    KIT_FAILS(OC_ERROR_UNSUPPORTED, "5 axes", oc_idx_parse(&t, k.context, bad, sizeof bad, &err), &err);
    bad[3] = 2;
    memset(bad + 4, 255, 8);
    assert_int_not_equal(oc_idx_parse(&t, k.context, bad, sizeof bad, &err), OC_OK);
    bad[0] = 0x1f;
    bad[1] = 0x8b;
    KIT_FAILS(OC_ERROR_FORMAT, "gzip", oc_idx_parse(&t, k.context, bad, sizeof bad, &err), &err);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_round),
        cmocka_unit_test(test_npy_byte_order), cmocka_unit_test(test_npy_variants),
        cmocka_unit_test(test_npy_broken),
        cmocka_unit_test(test_idx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
