/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests use of cmocka, for hosts whose Debian has none to link to (test/kit/cross.py). */
#ifndef OC_CROSS_CMOCKA_H
#define OC_CROSS_CMOCKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*CMUnitTestFunction)(void **state);
typedef int (*CMFixtureFunction)(void **state);
struct CMUnitTest {
    const char *name;
    CMUnitTestFunction test_func;
    CMFixtureFunction setup_func, teardown_func;
    void *initial_state;
};
#define cmocka_unit_test_setup_teardown(f, setup, teardown) {#f, f, setup, teardown, NULL}
#define cmocka_unit_test(f) cmocka_unit_test_setup_teardown(f, NULL, NULL)
#define cmocka_run_group_tests(tests, setup, teardown) \
    cross_run(tests, sizeof(tests) / sizeof(*(tests)), (CMFixtureFunction)(setup), (CMFixtureFunction)(teardown))
int cross_run(const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup, CMFixtureFunction teardown);

void print_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void _fail(const char *file, int line) __attribute__((noreturn));
void cross_skip(void) __attribute__((noreturn));
void cross_true(bool right, const char *text, const char *file, int line);
void cross_int(uintmax_t a, uintmax_t b, bool equal, const char *file, int line);
void cross_string(const char *a, const char *b, bool equal, const char *file, int line);
void cross_memory(const void *a, const void *b, size_t size, bool equal, const char *file, int line);

#define skip() cross_skip()
#define fail() _fail(__FILE__, __LINE__)
#define fail_msg(...) (print_error("ERROR: "), print_error(__VA_ARGS__), print_error("\n"), fail())
#define assert_true(c) cross_true(!!(c), #c, __FILE__, __LINE__)
#define assert_false(c) cross_true(!(c), "!(" #c ")", __FILE__, __LINE__)
#define assert_null(p) cross_true((p) == NULL, #p " == NULL", __FILE__, __LINE__)
#define assert_non_null(p) cross_true((p) != NULL, #p " != NULL", __FILE__, __LINE__)
#define assert_ptr_equal(a, b) cross_true((const void *)(a) == (const void *)(b), #a " == " #b, __FILE__, __LINE__)
#define assert_ptr_not_equal(a, b) cross_true((const void *)(a) != (const void *)(b), #a " != " #b, __FILE__, __LINE__)
#define assert_int_equal(a, b) cross_int((uintmax_t)(a), (uintmax_t)(b), true, __FILE__, __LINE__)
#define assert_int_not_equal(a, b) cross_int((uintmax_t)(a), (uintmax_t)(b), false, __FILE__, __LINE__)
#define assert_in_range(a, least, most) \
    cross_true((uintmax_t)(a) >= (uintmax_t)(least) && (uintmax_t)(a) <= (uintmax_t)(most), #a " in " #least " ... " #most, __FILE__, __LINE__)
#define assert_not_in_range(a, least, most) \
    cross_true((uintmax_t)(a) < (uintmax_t)(least) || (uintmax_t)(a) > (uintmax_t)(most), #a " not in " #least " ... " #most, __FILE__, __LINE__)
#define assert_string_equal(a, b) cross_string(a, b, true, __FILE__, __LINE__)
#define assert_string_not_equal(a, b) cross_string(a, b, false, __FILE__, __LINE__)
#define assert_memory_equal(a, b, size) cross_memory(a, b, size, true, __FILE__, __LINE__)
#define assert_memory_not_equal(a, b, size) cross_memory(a, b, size, false, __FILE__, __LINE__)

#endif
