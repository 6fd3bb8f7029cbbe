/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors and views, on the host and on the device. */
#include "kit/kit.h"

#include <string.h>

#include "tensor/tensor.h"

static oc_error err;

static void test_dtypes_and_shapes(void **state) {
    (void)state;
    char text[OC_SHAPE_TEXT];
    assert_int_equal(oc_dtype_size(OC_F16), 2);
    assert_int_equal(oc_dtype_size((oc_dtype)77), 0);
    for (int i = 1; i < OC_DTYPE_END; i++)
        assert_int_equal(oc_dtype_from_name(oc_dtype_name((oc_dtype)i)), i);
    assert_int_equal(oc_dtype_from_name("f80"), OC_DTYPE_NONE);
    assert_string_equal(oc_dtype_name(OC_DTYPE_NONE), "none");
    assert_int_equal(oc_shape_count(&OC_SHAPE(2, 3, 4)), 24);
    assert_int_equal(oc_shape_count(&OC_SCALAR), 1);
    assert_int_equal(oc_shape_count(&OC_SHAPE(2, -1)), -1);
    assert_int_equal(oc_shape_count(&OC_SHAPE(INT64_MAX, 2)), -1);
    assert_int_equal(oc_shape_count(&OC_SHAPE(INT64_MAX, 2, 0)), 0);
    assert_true(oc_shape_equal(&OC_SHAPE(2, -3), &OC_SHAPE(2, -3)));
    assert_false(oc_shape_equal(&OC_SHAPE(2, 3), &OC_SHAPE(2, 3, 1)));
    assert_string_equal(oc__shape_text(&OC_SHAPE(1, -2, 3), text), "[1, ?, 3]");
    assert_string_equal(oc__shape_text(&OC_SCALAR, text), "[]");
    oc_shape large = {8, {0}};
    for (int i = 0; i < 8; i++)
        large.dims[i] = INT64_MAX;
    assert_int_equal(strlen(oc__shape_text(&large, text)), 8 * 19 + 7 * 2 + 2);
}

static void check_views(kit *k, oc_device *device) {
    oc_tensor *a, *row, *column, *square, *copy;
    int32_t data[24], got[24];
    for (int i = 0; i < 24; i++)
        data[i] = i;
    KIT_OK(oc_tensor_create(&a, k->context, device, OC_I32, &OC_SHAPE(4, 6), &err), &err);
    KIT_OK(oc_tensor_read(a, got, sizeof got, &err), &err);
    for (int i = 0; i < 24; i++)
        assert_int_equal(got[i], 0);
    KIT_OK(oc_tensor_write(a, data, sizeof data, &err), &err);
    KIT_OK(oc_tensor_view(&row, a, 6, &OC_SHAPE(6), NULL, &err), &err);
    KIT_OK(oc_tensor_view(&column, a, 2, &OC_SHAPE(4), (int64_t[]){6}, &err), &err);
    KIT_OK(oc_tensor_view(&square, a, 7, &OC_SHAPE(2, 2), (int64_t[]){1, 6}, &err), &err); /* transposed */
    KIT_OK(oc_tensor_read(row, got, 24, &err), &err);
    assert_memory_equal(got, data + 6, 24);
    KIT_OK(oc_tensor_read(column, got, 16, &err), &err);
    for (int i = 0; i < 4; i++)
        assert_int_equal(got[i], 2 + 6 * i);
    KIT_OK(oc_tensor_read(square, got, 16, &err), &err);
    assert_true(got[0] == 7 && got[1] == 13 && got[2] == 8 && got[3] == 14);
    KIT_OK(oc_tensor_write(column, (int32_t[]){-1, -2, -3, -4}, 16, &err), &err);
    oc_tensor_destroy(&column);
    KIT_OK(oc_tensor_create(&copy, k->context, NULL, OC_I32, &OC_SHAPE(4, 6), &err), &err);
    KIT_OK(oc_tensor_copy(copy, a, &err), &err);
    oc_tensor_destroy(&a); /* the views keep the memory */
    const int32_t *after = oc_tensor_get_data(copy);
    for (int i = 0; i < 24; i++)
        assert_int_equal(after[i], i % 6 == 2 ? -1 - i / 6 : i);
    KIT_OK(oc_tensor_read(row, got, 24, &err), &err);
    assert_int_equal(got[2], -2);
    oc_tensor_destroy(&row);
    oc_tensor_destroy(&square);
    oc_tensor_destroy(&copy);
}

static void test_views(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    check_views(&k, NULL);
    check_views(&k, kit_open(&k));
    kit_finish(&k);
}

static void check_copy(kit *k, oc_device *from, oc_device *to) {
    oc_tensor *a, *b, *part_a, *part_b;
    uint16_t data[40], got[10];
    for (int i = 0; i < 40; i++)
        data[i] = (uint16_t)(i * 3);
    KIT_OK(oc_tensor_create(&a, k->context, from, OC_F16, &OC_SHAPE(2, 20), &err), &err);
    KIT_OK(oc_tensor_create(&b, k->context, to, OC_F16, &OC_SHAPE(2, 20), &err), &err);
    KIT_OK(oc_tensor_write(a, data, sizeof data, &err), &err);
    KIT_OK(oc_tensor_copy(b, a, &err), &err);
    KIT_OK(oc_tensor_view(&part_a, a, 3, &OC_SHAPE(2, 5), (int64_t[]){20, 2}, &err), &err);
    KIT_OK(oc_tensor_view(&part_b, b, 0, &OC_SHAPE(2, 5), NULL, &err), &err);
    KIT_OK(oc_tensor_copy(part_b, part_a, &err), &err);
    KIT_OK(oc_tensor_read(part_b, got, sizeof got, &err), &err);
    for (int i = 0; i < 10; i++)
        assert_int_equal(got[i], data[3 + i / 5 * 20 + i % 5 * 2]);
    oc_tensor_destroy(&part_a);
    oc_tensor_destroy(&part_b);
    /* Parts of one tensor that overlap. */
    KIT_OK(oc_tensor_write(a, data, sizeof data, &err), &err);
    KIT_OK(oc_tensor_view(&part_a, a, 0, &OC_SHAPE(10), NULL, &err), &err);
    KIT_OK(oc_tensor_view(&part_b, a, 4, &OC_SHAPE(10), NULL, &err), &err);
    KIT_OK(oc_tensor_copy(part_b, part_a, &err), &err);
    KIT_OK(oc_tensor_read(part_b, got, sizeof got, &err), &err);
    assert_memory_equal(got, data, sizeof got);
    oc_tensor_destroy(&part_a);
    oc_tensor_destroy(&part_b);
    oc_tensor_destroy(&a);
    oc_tensor_destroy(&b);
}

static void test_copies(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    oc_device *device = kit_open(&k);
    check_copy(&k, NULL, NULL);
    check_copy(&k, device, NULL);
    check_copy(&k, NULL, device);
    check_copy(&k, device, device);
    kit_finish(&k);
}

static void test_empty_and_scalar(void **state) {
    (void)state;
    kit k;
    oc_tensor *empty, *scalar, *view;
    float one = 1;
    kit_init(&k, NULL);
    oc_device *devices[] = {NULL, kit_open(&k)};
    for (int i = 0; i < 2; i++) {
        KIT_OK(oc_tensor_create(&empty, k.context, devices[i], OC_F32, &OC_SHAPE(3, 0, 5), &err), &err);
        assert_int_equal(oc_tensor_get_count(empty), 0);
        KIT_OK(oc_tensor_write(empty, NULL, 0, &err), &err);
        KIT_OK(oc_tensor_view(&view, empty, 0, &OC_SHAPE(0), NULL, &err), &err);
        KIT_OK(oc_tensor_create(&scalar, k.context, devices[i], OC_F32, &OC_SCALAR, &err), &err);
        KIT_OK(oc_tensor_write(scalar, &one, 4, &err), &err);
        assert_int_equal(oc_tensor_get_bytes(scalar), 4);
        oc_tensor_destroy(&view);
        oc_tensor_destroy(&empty);
        oc_tensor_destroy(&scalar);
    }
    kit_finish(&k);
}

static void test_refusals(void **state) {
    (void)state;
    kit k;
    oc_tensor *a, *b;
    float data[6] = {0};
    oc_shape many = {9, {1}};
    kit_init(&k, NULL);
    KIT_FAILS(OC_ERROR_SHAPE, "symbols", oc_tensor_create(&b, k.context, NULL, OC_F32, &OC_SHAPE(2, -1), &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "0 to 8", oc_tensor_create(&b, k.context, NULL, OC_F32, &many, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "element type", oc_tensor_create(&b, k.context, NULL, (oc_dtype)99, &OC_SCALAR, &err), &err);
    KIT_FAILS(OC_ERROR_LIMIT, "larger", oc_tensor_create(&b, k.context, NULL, OC_F32, &OC_SHAPE(INT64_MAX, 1), &err), &err);
    KIT_OK(oc_tensor_wrap(&a, k.context, OC_F32, &OC_SHAPE(2, 3), data, &err), &err);
    assert_ptr_equal(oc_tensor_get_data(a), data);
    KIT_FAILS(OC_ERROR_SHAPE, "beyond", oc_tensor_view(&b, a, 1, &OC_SHAPE(2, 3), NULL, &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "beyond", oc_tensor_view(&b, a, 0, &OC_SHAPE(2, 2), (int64_t[]){5, 1}, &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "beyond", oc_tensor_view(&b, a, UINT64_MAX, &OC_SHAPE(1), NULL, &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "beyond",
              oc_tensor_view(&b, a, 0, &OC_SHAPE(3, 3), (int64_t[]){INT64_MAX, INT64_MAX}, &err), &err);
    KIT_FAILS(OC_ERROR_INVALID, "negative", oc_tensor_view(&b, a, 5, &OC_SHAPE(2), (int64_t[]){-1}, &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "4 bytes", oc_tensor_write(a, data, 4, &err), &err);
    KIT_OK(oc_tensor_create(&b, k.context, NULL, OC_F32, &OC_SHAPE(3, 2), &err), &err);
    KIT_FAILS(OC_ERROR_SHAPE, "[2, 3]", oc_tensor_copy(b, a, &err), &err);
    oc_tensor_destroy(&a);
    oc_tensor_destroy(&b);
    oc_tensor_destroy(&b);
    oc_tensor_destroy(NULL);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dtypes_and_shapes), cmocka_unit_test(test_views),    cmocka_unit_test(test_copies),
        cmocka_unit_test(test_empty_and_scalar),  cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
