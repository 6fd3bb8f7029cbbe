/* SPDX-License-Identifier: Apache-2.0 */
/* Half precision, to the bit: of whatever numbers there are, results are the exact ones, rounded once. */
#include <stdio.h>
#include <string.h>

#include "kit/optest.h"

#define COUNT 20011

static double x[COUNT], y[COUNT];

/* All kinds of halves: infinite, not a number, subnormal, zeros of both signs. */
static void fill(void) {
    for (int i = 0; i < COUNT; i++) {
        x[i] = oc__float_from_half((uint16_t)(i * 40503u + 77));
        y[i] = oc__float_from_half((uint16_t)(i * 25717u % 65521));
    }
}

static void test_bits(void **state) {
    (void)state;
    static const char *const one[] = {"relu", "neg", "abs", "clip", "floor"}, *const two[] = {"add", "sub", "mul", "max", "min", "relu_bwd"};
    kit k;
    char text[100];
    kit_init(&k, NULL);
    kit_open(&k);
    fill();
    for (size_t i = 0; i < OC_COUNT(one); i++) {
        snprintf(text, sizeof(text), "%s:f16.%d%s", one[i], COUNT, strcmp(one[i], "clip") ? "" : ":alpha=0.1,beta=700.03");
        optest_values(&k, text, (const double *[]){x});
    }
    for (size_t i = 0; i < OC_COUNT(two); i++) {
        snprintf(text, sizeof(text), "%s:f16.%d,f16.%d", two[i], COUNT, COUNT);
        optest_values(&k, text, (const double *[]){x, y});
        snprintf(text, sizeof(text), "%s:f16.%d,f16.1", two[i], COUNT);
        optest_values(&k, text, (const double *[]){x, y + 3});
        snprintf(text, sizeof(text), "%s:f16.1,f16.%d", two[i], COUNT);
        optest_values(&k, text, (const double *[]){x + 5, y});
    }
    kit_finish(&k);
}

static const optest_case cases[] = {
    {"add:f16.1,f16.1", NULL, 0, 0},
    {"mul:f16.0,f16.0", NULL, 0, 0},
    {"add:f16.2x20x3x5,f16.2x20x3x5", "aBcd16b", 0, 0},
    {"mul:f16.2x32x3x5,f16.1", "aBcd16b", 0, 0},
    {"relu:f16.2x20x3x5", "aBcd8b", 0, 0},
    {"neg:f16.33000", NULL, 0, 0},
};

static void test_solvers(void **state) {
    (void)state;
    optest_run_all(cases, OC_COUNT(cases));
}

/* Where the device has the arithmetic it is chosen; the mask takes it away, and another solver is. */
static void test_chosen(void **state) {
    (void)state;
    const optest_case sum = {"add:f16.5000,f16.5000", NULL, 0, 0}, quotient = {"div:f16.5000,f16.5000", NULL, 0, 0};
    kit k, masked;
    kit_init(&k, NULL);
    kit_open(&k);
    optest_chooses(&k, &sum, oc__device_caps(k.device)->half_arithmetic ? "eltwise.half" : "eltwise.flat");
    optest_chooses(&k, &quotient, "eltwise.flat");
    kit_finish(&k);
    kit_init(&masked, &(oc_context_params){.mask = "nofp16"});
    kit_open(&masked);
    assert_false(oc__device_caps(masked.device)->half_arithmetic);
    optest_chooses(&masked, &sum, "eltwise.flat");
    kit_finish(&masked);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bits), cmocka_unit_test(test_solvers), cmocka_unit_test(test_chosen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
