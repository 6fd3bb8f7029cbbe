/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers, half floats, hashes, random numbers, errors. */
#include "kit/kit.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include <ocelli/version.h>

#include "base/base.h"

static void test_string(void **state) {
    (void)state;
    oc__string s;
    oc__string_init(&s, NULL);
    assert_string_equal(s.text, "");
    oc__string_append(&s, "a");
    oc__string_append_n(&s, "bcd", 2);
    oc__string_printf(&s, "-%d-%s", 7, "x");
    oc__string_append_double(&s, 0.5);
    assert_string_equal(s.text, "abc-7-x0.5");
    for (int i = 0; i < 1000; i++)
        oc__string_printf(&s, "%d", i % 10);
    assert_int_equal(s.size, 1010);
    assert_int_equal(strlen(s.text), 1010);
    assert_false(s.failed);
    oc__string_finish(&s);
    assert_string_equal(s.text, "");
}

static void test_parse(void **state) {
    (void)state;
    const char *end;
    int64_t i;
    double d;
    uint64_t u;
    assert_true(oc__parse_int64("-9223372036854775808x", &end, &i) && i == INT64_MIN && *end == 'x');
    assert_true(oc__parse_int64("9223372036854775807", &end, &i) && i == INT64_MAX);
    assert_false(oc__parse_int64("9223372036854775808", &end, &i));
    assert_false(oc__parse_int64("-9223372036854775809", &end, &i));
    assert_false(oc__parse_int64("", &end, &i) || oc__parse_int64("-", &end, &i) || oc__parse_int64(" 1", &end, &i));
    assert_true(oc__parse_double("1.5e3,", &end, &d) && d == 1500 && *end == ',');
    assert_true(oc__parse_double("-inf", &end, &d) && isinf(d) && d < 0);
    assert_true(oc__parse_double("nan", &end, &d) && isnan(d));
    assert_true(oc__parse_double(".25", &end, &d) && d == 0.25);
    assert_true(oc__parse_double("0x10", &end, &d) && d == 0 && *end == 'x');
    assert_false(oc__parse_double("", &end, &d) || oc__parse_double("e5", &end, &d) || oc__parse_double(" 1", &end, &d));
    assert_true(oc__parse_size("16k", &end, &u) && u == 16384 && *end == '\0');
    assert_true(oc__parse_size("2G,", &end, &u) && u == (uint64_t)2 << 30 && *end == ',');
    assert_false(oc__parse_size("-1", &end, &u) || oc__parse_size("k", &end, &u) ||
                 oc__parse_size("9223372036854775807G", &end, &u));
}

static void check_numbers_as_text(void) {
    char text[64];
    double back;
    const float values[] = {0.1f, 1.0f / 3, 1e-45f, 3.4028235e38f, -123456.789f};
    for (size_t i = 0; i < OC_COUNT(values); i++) {
        oc__format_double(text, sizeof text, (double)values[i]);
        assert_null(strchr(text, ','));
        assert_true(oc__parse_double(text, NULL, &back));
        assert_true((float)back == values[i]);
    }
    oc__string s;
    oc__string_init(&s, NULL);
    oc__string_printf(&s, "%.2f", 2.5);
    assert_string_equal(s.text, "2.50");
    oc__string_finish(&s);
}

static void test_locale(void **state) {
    (void)state;
    const char *names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C"};
    char before[64];
    strcpy(before, setlocale(LC_ALL, NULL));
    for (size_t i = 0; i < OC_COUNT(names); i++)
        if (setlocale(LC_ALL, names[i]))
            check_numbers_as_text();
    setlocale(LC_ALL, before);
    check_numbers_as_text();
}

static void test_half(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        float value = oc__float_from_half((uint16_t)bits);
        uint16_t back = oc__half_from_float(value);
        if (isnan(value))
            assert_true((back & 0x7c00) == 0x7c00 && (back & 0x3ff) != 0);
        else
            assert_int_equal(back, bits);
    }
    assert_int_equal(oc__half_from_float(1.0f), 0x3c00);
    assert_int_equal(oc__half_from_float(65504.0f), 0x7bff);
    assert_int_equal(oc__half_from_float(65519.996f), 0x7bff);
    assert_int_equal(oc__half_from_float(65520.0f), 0x7c00);
    assert_int_equal(oc__half_from_float(-1e30f), 0xfc00);
    assert_int_equal(oc__half_from_float(1.00048828125f), 0x3c00); /* a tie, to even */
    assert_int_equal(oc__half_from_float(1.00146484375f), 0x3c02);
    assert_int_equal(oc__half_from_float(0x1p-25f), 0);
    assert_int_equal(oc__half_from_float(0x1.000002p-25f), 1);
    assert_int_equal(oc__half_from_float(0x1.8p-24f), 2);
    /* Halfway between neighbours goes to the even one, everywhere. */
    for (uint32_t bits = 0; bits < 0x7bff; bits++) {
        float middle = (oc__float_from_half((uint16_t)bits) + oc__float_from_half((uint16_t)(bits + 1))) / 2;
        assert_int_equal(oc__half_from_float(middle), bits + (bits & 1));
    }
}

static void test_checked_math(void **state) {
    (void)state;
    uint64_t u;
    int64_t i;
    assert_true(oc__mul_u64(UINT32_MAX, UINT32_MAX, &u) && u == (uint64_t)UINT32_MAX * UINT32_MAX);
    assert_false(oc__mul_u64((uint64_t)1 << 32, (uint64_t)1 << 32, &u));
    assert_true(oc__mul_i64(INT64_MIN, 1, &i) && i == INT64_MIN);
    assert_false(oc__mul_i64(INT64_MIN, -1, &i));
    assert_true(oc__mul_i64(-3, 5, &i) && i == -15);
    assert_false(oc__add_u64(UINT64_MAX, 1, &u));
}

static void test_hash(void **state) {
    (void)state;
    oc__hash a = oc__hash_init(), b = oc__hash_init();
    char text[33], other[33];
    oc__hash_add_text(&a, "ab");
    oc__hash_add_text(&a, "c");
    oc__hash_add_text(&b, "a");
    oc__hash_add_text(&b, "bc");
    oc__hash_text(a, text);
    oc__hash_text(b, other);
    assert_int_equal(strlen(text), 32);
    assert_string_not_equal(text, other);
    a = oc__hash_init();
    oc__hash_add(&a, "foobar", 6);
    assert_true(a.a == 0x85944171f73967e8u); /* FNV-1a's own test vector */
}

static void test_philox(void **state) {
    (void)state;
    uint32_t out[4];
    oc__philox(out, 0, 0, 0);
    assert_true(out[0] == 0x6627e8d5 && out[1] == 0xe169c58d && out[2] == 0xbc57ac4c && out[3] == 0x9b00dbd8);
    oc__philox(out, UINT64_MAX, UINT64_MAX, UINT64_MAX);
    assert_true(out[0] == 0x408f276d && out[1] == 0x41c83b0e && out[2] == 0xa20bc7c6 && out[3] == 0x6d5451fd);
    oc__philox(out, 0x299f31d0a4093822u, 0x0370734413198a2eu, 0x85a308d3243f6a88u);
    assert_true(out[0] == 0xd16cfe09 && out[1] == 0x94fdcceb && out[2] == 0x5001e420 && out[3] == 0x24126ea1);
    double sum = 0, squares = 0, mean = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        float u = oc__random_uniform(1, 2, i), n = oc__random_normal(1, 2, i);
        assert_true(u >= 0 && u < 1 && isfinite(n));
        mean += (double)u;
        sum += (double)n;
        squares += (double)n * (double)n;
    }
    assert_true(fabs(mean / 20000 - 0.5) < 0.01 && fabs(sum / 20000) < 0.03 && fabs(squares / 20000 - 1) < 0.05);
}

static void test_errors(void **state) {
    (void)state;
    oc_error err = {OC_OK, 0, ""};
    char part[900];
    assert_string_equal(oc_status_name(OC_ERROR_SHAPE), "OC_ERROR_SHAPE");
    assert_string_equal(oc_status_name((oc_status)999), "OC_ERROR_INTERNAL");
    assert_string_equal(oc_status_text(OC_OK), "success");
    assert_int_equal(oc__fail_native(NULL, &err, OC_ERROR_DEVICE, -5, "x %d", 3), OC_ERROR_DEVICE);
    assert_int_equal(err.native, -5);
    assert_string_equal(err.text, "x 3");
    assert_int_equal(oc__fail(NULL, NULL, OC_ERROR_IO, "no error wanted"), OC_ERROR_IO);
    /* A cut text ends with a whole UTF-8 sequence. */
    for (size_t shift = 0; shift < 3; shift++) {
        memset(part, 'a', shift);
        for (size_t i = 0; i < 290; i++)
            memcpy(part + shift + 3 * i, "\xe2\x82\xac", 4);
        oc__fail(NULL, &err, OC_ERROR_IO, "%s", part);
        assert_int_equal((strlen(err.text) - shift) % 3, 0);
        assert_true(strlen(err.text) > 490);
    }
    assert_string_equal(oc_version_text(), "0.1.0");
    assert_int_equal(oc_version_number(), OC_VERSION);
}

static void collect(void *user, const char *text, size_t size) {
    oc__string_append_n(user, text, size);
}

static void test_print(void **state) {
    (void)state;
    oc__string s;
    char part[3000];
    memset(part, 'x', sizeof part);
    part[sizeof part - 1] = '\0';
    oc__string_init(&s, NULL);
    oc_writer writer = {collect, &s};
    oc__print(&writer, "%s|%d", part, 5);
    assert_int_equal(s.size, 3001);
    assert_string_equal(s.text + 2999, "|5");
    oc__string_finish(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_string), cmocka_unit_test(test_parse),        cmocka_unit_test(test_locale),
        cmocka_unit_test(test_half),   cmocka_unit_test(test_checked_math), cmocka_unit_test(test_hash),
        cmocka_unit_test(test_philox), cmocka_unit_test(test_errors),       cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
