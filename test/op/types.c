/* SPDX-License-Identifier: Apache-2.0 */
/* Every element type in data movement, elementwise functions, reductions and casts, against the definitions. With OCELLI_TEST_ALL each
 * type meets each op; else those that the rooms' own tests have least meet one op of each group. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/optest.h"

#define REALS "f32 f16 f64 bf16"
#define INTEGERS "i8 i16 i32 i64 u8 u16 u32 u64"
#define NUMBERS REALS " " INTEGERS
#define ALL NUMBERS " bool"

/* A problem's text, with @ for the type. */
typedef struct row {
    const char *problem, *types;
} row;

static const row moves[] = {
    {"transpose:@3x37x5:perm=0/2/1", ALL}, {"concat:@2x3x4,@2x5x4:axis=1", ALL}, {"split_like:@2x8x4,@2x3x4,@2x5x4:axis=1", ALL},
    {"slice:@7x9:begin=100/-1,end=-100/-9,step=-1/-2", ALL}, {"slice_bwd:@7x3,@7x9:begin=0/0,end=0/100,step=0/3", ALL},
    {"pad:@3x4:begin=2/3,end=1/2,value=1", ALL}, {"pad:@3x4:begin=2/3,end=1/2,mode=1", ALL}, {"expand:@3x1:dims=2/3/5,rank=3", ALL},
    {"gather:@4x5x6,i64.2x3:axis=1", ALL}, {"gather_elements:@4x5,i64.2x5:axis=0", ALL}, {"gather_nd:@4x5x6,i64.3x2", ALL},
    {"scatter_elements:@4x5,i64.2x5,@2x5:axis=0", ALL}, {"scatter_nd:@4x5x6,i64.3x2,@3x6", ALL}, {"one_hot:i64.4,@2:depth=5", ALL},
    {"where:bool.3x5,@3x5,@5", ALL}, {"unique:@7:count=4", ALL}, {"non_zero:@3x5:count=9", ALL},
    {"scatter_elements:@4x5,i64.2x5,@2x5:axis=0,kind=1", NUMBERS}, {"scatter_elements:@4x5,i64.2x5,@2x5:axis=0,kind=2", NUMBERS},
    {"scatter_elements:@4x5,i64.2x5,@2x5:axis=0,kind=3", NUMBERS}, {"scatter_elements:@4x5,i64.2x5,@2x5:axis=0,kind=4", NUMBERS},
};

static const row functions[] = {
    {"add:@3x5,@5", NUMBERS}, {"sub:@3x5,@3x5", NUMBERS}, {"mul:@3x5,@5", NUMBERS}, {"div:@3x5,@3x5", NUMBERS}, {"pow:@3x5,@3x5", NUMBERS},
    {"max:@3x5,@5", ALL}, {"min:@3x5,@5", ALL}, {"mod:@3x5,@5", NUMBERS}, {"fmod:@3x5,@5", NUMBERS}, {"prelu:@3x5,@5", NUMBERS},
    {"neg:@3x5", NUMBERS}, {"abs:@3x5", NUMBERS}, {"sign:@3x5", NUMBERS}, {"relu:@3x5", NUMBERS}, {"clip:@3x5:alpha=1,beta=2", NUMBERS},
    {"shrink:@3x5:alpha=1,beta=1", NUMBERS}, {"equal:@3x5,@5", ALL}, {"less:@3x5,@5", NUMBERS}, {"less_equal:@3x5,@5", NUMBERS},
    {"greater:@3x5,@5", NUMBERS}, {"greater_equal:@3x5,@5", NUMBERS}, {"logical_not:@3x5", "bool"}, {"logical_and:@3x5,@5", "bool"},
    {"logical_or:@3x5,@5", "bool"}, {"logical_xor:@3x5,@5", "bool"}, {"bit_not:@3x5", INTEGERS}, {"bit_and:@3x5,@5", INTEGERS},
    {"bit_or:@3x5,@5", INTEGERS}, {"bit_xor:@3x5,@5", INTEGERS}, {"shift_left:@3x5,@5", INTEGERS}, {"shift_right:@3x5,@5", INTEGERS},
    {"leaky_relu:@3x5:alpha=0.1", REALS}, {"sigmoid:@3x5", REALS}, {"tanh:@3x5", REALS}, {"exp:@3x5", REALS}, {"log:@3x5", REALS},
    {"sqrt:@3x5", REALS}, {"reciprocal:@3x5", REALS}, {"sin:@3x5", REALS}, {"cos:@3x5", REALS}, {"tan:@3x5", REALS}, {"asin:@3x5", REALS},
    {"acos:@3x5", REALS}, {"atan:@3x5", REALS}, {"sinh:@3x5", REALS}, {"cosh:@3x5", REALS}, {"asinh:@3x5", REALS}, {"acosh:@3x5", REALS},
    {"atanh:@3x5", REALS}, {"erf:@3x5", REALS}, {"floor:@3x5", REALS}, {"ceil:@3x5", REALS}, {"round:@3x5", REALS}, {"step:@3x5", REALS},
    {"softplus:@3x5", REALS}, {"softsign:@3x5", REALS}, {"elu:@3x5:alpha=1", REALS}, {"selu:@3x5:alpha=1.6,beta=1", REALS},
    {"celu:@3x5:alpha=1", REALS}, {"gelu:@3x5", REALS}, {"gelu_tanh:@3x5", REALS}, {"swish:@3x5:alpha=1", REALS},
    {"hard_sigmoid:@3x5:alpha=0.2,beta=0.5", REALS}, {"hard_swish:@3x5", REALS}, {"mish:@3x5", REALS},
    {"thresholded_relu:@3x5:alpha=1", REALS}, {"is_nan:@3x5", REALS}, {"is_inf:@3x5:alpha=1,beta=1", REALS},
};

static const row reductions[] = {
    {"reduce_sum:@4x5x6:axes=1,axis_count=1", NUMBERS}, {"reduce_mean:@4x5x6:axes=2,axis_count=1", REALS},
    {"reduce_max:@4x5x6:axes=0,axis_count=1", ALL}, {"reduce_min:@4x5x6", ALL}, {"reduce_prod:@2x3x6:axes=1,axis_count=1", NUMBERS},
    {"sum_to_like:@4x5x6,@5x1", NUMBERS}, {"broadcast_like:@5x1,@4x5x6", ALL}, {"arg_reduce:@4x5:axis=1", ALL},
    {"top_k:@4x9:axis=1,k=3", NUMBERS}, {"cumulative_sum:@4x9:axis=1", NUMBERS},
};

static const struct {
    const char *name;
    const row *rows;
    size_t count;
} groups[] = {{"data movement", moves, OC_COUNT(moves)}, {"elementwise", functions, OC_COUNT(functions)}, {"reductions", reductions, OC_COUNT(reductions)}};

static const char *const types[] = {"f32", "f16", "f64", "bf16", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool"};
static const oc_dtype numbers[] = {OC_F32, OC_F16, OC_F64, OC_BF16, OC_I8, OC_I16, OC_I32, OC_I64, OC_U8, OC_U16, OC_U32, OC_U64, OC_BOOL};

static bool takes(const row *r, const char *type) {
    size_t length = strlen(type);
    for (const char *at = r->types; (at = strstr(at, type)) != NULL; at++)
        if ((at == r->types || at[-1] == ' ') && (at[length] == 0 || at[length] == ' '))
            return true;
    return false;
}

static void run(kit *k, const char *problem, const char *type, unsigned flags) {
    char text[200];
    size_t used = 0;
    for (; *problem && used + 8 < sizeof(text); problem++) {
        if (*problem == '@')
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s.", type);
        else
            text[used++] = *problem;
    }
    text[used] = 0;
    optest_run(k, &(optest_case){text, NULL, OPTEST_ANY | flags, 0, NULL});
}

static bool all(void) {
    const char *wanted = getenv("OCELLI_TEST_ALL");
    return wanted && *wanted && strcmp(wanted, "0");
}

static bool is_common(const char *type) {
    return strstr("f32 f16 i64 u8 bool", type) != NULL;
}

static void test_ops(void **state) {
    kit k;
    (void)state;
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t g = 0; g < OC_COUNT(groups); g++) {
        size_t at = 0;
        for (size_t t = 0; t < OC_COUNT(types); t++) {
            if (!all() && is_common(types[t]))
                continue;
            for (size_t tries = 0, found = 0; tries < groups[g].count && (all() || !found); tries++, at = (at + 1) % groups[g].count) {
                if (!takes(&groups[g].rows[at], types[t]))
                    continue;
                run(&k, groups[g].rows[at].problem, types[t], 0);
                found++;
            }
        }
    }
    kit_finish(&k);
}

/* To every type from every type; else from one each. Numbers that both have: what becomes of others is not defined. */
static void test_casts(void **state) {
    kit k;
    char problem[40];
    (void)state;
    kit_init(&k, NULL);
    kit_open(&k);
    for (size_t to = 0; to < OC_COUNT(types); to++) {
        for (size_t from = 0; from < OC_COUNT(types); from++) {
            if (!all() && (is_common(types[to]) || from != (to * 5 + 3) % OC_COUNT(types)))
                continue;
            snprintf(problem, sizeof(problem), "cast:@3x37:to=%d", numbers[to]);
            run(&k, problem, types[from], oc__is_unsigned(numbers[to]) ? OPTEST_POSITIVE : 0);
        }
    }
    kit_finish(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ops), cmocka_unit_test(test_casts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
