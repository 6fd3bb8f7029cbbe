/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "kit/optest.h"

typedef struct reorder_case {
    const char *shape, *from, *to;
    unsigned flags;
} reorder_case;

static const reorder_case cases[] = {
    /* activations: full and cut blocks, odd images */
    {"2x32x7x9", "abcd", "aBcd16b"},
    {"2x33x7x9", "abcd", "aBcd16b"},
    {"2x3x16x20", "abcd", "aBcd16b"},
    {"1x1x1x1", "abcd", "aBcd16b"},
    {"3x40x1x1", "abcd", "aBcd16b"},
    {"1x17x70x70", "abcd", "aBcd16b"},
    {"2x33x7x9", "aBcd16b", "abcd"},
    {"2x64x8x8", "aBcd16b", "abcd"},
    {"1x3x40x40", "aBcd16b", "abcd"},
    {"2x33x7x9", "aBcd16b", "aBcd8b"},
    {"2x33x7x9", "aBcd8b", "aBcd16b"},
    {"2x40x7x9", "aBcd32b", "aBcd16b"},
    {"2x40x7x9", "aBcd16b", "aBcd32b"},
    {"2x33x7x9", "abcd", "acdb"},
    {"2x33x7x9", "acdb", "aBcd16b"},
    {"2x33x7x9", "aBcd16b", "aBcd16b"},
    /* weights */
    {"33x17x3x3", "abcd", "ABcd16b32a"},
    {"64x32x3x3", "abcd", "ABcd16b32a"},
    {"6x1x5x5", "abcd", "ABcd16b16a"},
    {"100x20x1x1", "abcd", "ABcd16b48a"},
    {"33x17x3x3", "abcd", "BAcd16a32b"},
    {"33x17x3x3", "ABcd16b32a", "abcd"},
    {"33x17x3x3", "ABcd16b32a", "BAcd16a32b"},
    {"64x3x7x7", "abcd", "Abcd32a"},
    {"64x3x7x7", "Abcd16a", "Abcd32a"},
    {"100x20x1x1", "ABcd16b32a", "ABcd16b48a", OPTEST_NO_FAST}, /* not one in the other */
    /* panels of matrices */
    {"100x77", "ab", "Ba32b"},
    {"100x77", "ab", "Ab32a"},
    {"100x77", "ab", "Ab12a"},
    {"100x77", "Ba32b", "ab"},
    {"3x20x77", "abc", "aCb32c"},
    {"1x64", "ab", "Ba32b"},
    {"64x1", "ab", "Ba32b"},
    {"5000", "a", "A16a"},
    /* two blocks of one axis; many axes; nothing */
    {"40x40x2x3", "abcd", "ABcd8a16b2a"},
    {"40x40x2x3", "ABcd8a16b2a", "abcd"},
    {"2x3x2x3x2x3x2x19", "abcdefgh", "aBcdefgh16b"},
    {"2x3x2x3x2x3x2x19", "abcdefgh", "hgfedcba"},
    {"2x0x3x4", "abcd", "aBcd16b", OPTEST_NO_FAST},
};

static const char *const types[] = {"", "f16.", "i64.", "u8."};

static void run_case(kit *k, const reorder_case *c, const char *type) {
    char text[128];
    snprintf(text, sizeof(text), "reorder:%s%s", type, c->shape);
    optest_run(k, &(optest_case){text, c->from, c->flags, 0, c->to});
}

static void test_layouts(void **state) {
    (void)state;
    kit k;
    kit_init(&k, &(oc_context_params){.cache_folder = ""});
    kit_open(&k);
    for (size_t i = 0; i < OC_COUNT(cases); i++)
        run_case(&k, &cases[i], types[0]);
    for (size_t i = 1; i < OC_COUNT(types); i++)
        run_case(&k, &cases[i], types[i]);
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
