/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli check */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "json.h"

static bool bind(checker *c, const char *name, int64_t size) {
    for (size_t i = 0; i < c->dim_count; i++)
        if (strcmp(c->dims[i].name, name) == 0)
            return c->dims[i].size == size;
    oc_dim_binding *dims = realloc(c->dims, (c->dim_count + 1) * sizeof(*dims));
    if (dims == NULL)
        return false;
    c->dims = dims;
    dims[c->dim_count++] = (oc_dim_binding){name, size};
    return true;
}

/* Numbers for the symbols, from the inputs' shapes; and whether these fit at all. */
static verdict bind_shapes(checker *c, tensors *inputs) {
    char wanted[200], got[200];
    for (size_t i = 0; i < oc_graph_input_count(c->graph); i++) {
        oc_value_info info = oc_graph_get_input(c->graph, i);
        size_t at;
        if (tensors_find(inputs, info.name, &at) == NULL)
            return check_fail(c, "input '%s' has no file", info.name);
        const oc_shape *shape = oc_tensor_get_shape(inputs->items[at]);
        bool fits = shape->rank == info.shape.rank && oc_tensor_get_dtype(inputs->items[at]) == info.dtype;
        for (int k = 0; fits && k < shape->rank; k++) {
            if (info.shape.dims[k] >= 0)
                fits = info.shape.dims[k] == shape->dims[k];
            else
                fits = bind(c, oc_graph_dim_text(c->graph, info.shape.dims[k]), shape->dims[k]);
        }
        if (!fits)
            return check_fail(c, "input '%s' is %s of %s, the file holds %s of %s", info.name, shape_text(&info.shape, wanted),
                        oc_dtype_name(info.dtype), shape_text(shape, got), oc_dtype_name(oc_tensor_get_dtype(inputs->items[at])));
    }
    return PASSED;
}

/* Makes the session anew if the sizes are others than before. */
static verdict prepare(checker *c, tensors *inputs) {
    oc_error err = {0};
    oc_dim_binding *old = c->dims;
    size_t old_count = c->dim_count;
    c->dims = NULL;
    c->dim_count = 0;
    verdict verdict = bind_shapes(c, inputs);
    bool same = c->open && old_count == c->dim_count;
    for (size_t i = 0; same && i < old_count; i++)
        same = old[i].size == c->dims[i].size;
    free(old);
    if (verdict != PASSED || same)
        return verdict;
    if (c->open)
        session_close(&c->session);
    const oc_plan_params params = {.dims = c->dims, .dim_count = c->dim_count, .default_dim = 1};
    c->open = session_open(&c->session, &c->app, c->graph, NULL, &params, &err) == OC_OK;
    return c->open ? PASSED : check_by_error(c, &err);
}

static verdict compare(checker *c, const char *name, const oc_tensor *got, const oc_tensor *wanted) {
    char a_text[200], b_text[200];
    if (oc_tensor_get_dtype(got) != oc_tensor_get_dtype(wanted))
        return check_fail(c, "output '%s' is of %s, wanted is %s", name, oc_dtype_name(oc_tensor_get_dtype(got)),
                    oc_dtype_name(oc_tensor_get_dtype(wanted)));
    if (!oc_shape_equal(oc_tensor_get_shape(got), oc_tensor_get_shape(wanted)))
        return check_fail(c, "output '%s' is %s, wanted is %s", name, shape_text(oc_tensor_get_shape(got), a_text),
                    shape_text(oc_tensor_get_shape(wanted), b_text));
    int64_t wrong = 0, worst_at = 0;
    double worst = -1, rtol = oc_tensor_get_dtype(got) == OC_BF16 ? fmax(c->rtol, 0x1p-7) : c->rtol;
    for (int64_t i = 0; i < oc_tensor_get_count(got); i++) {
        double a = tensor_element(got, i), b = tensor_element(wanted, i), difference = a == b ? 0 : fabs(a - b);
        if (isnan(a) && isnan(b))
            continue;
        wrong += !(a == b || difference <= c->atol + rtol * fabs(b));
        if (!(difference <= worst)) {
            worst = difference;
            worst_at = i;
        }
    }
    c->worst = fmax(c->worst, worst);
    if (wrong == 0)
        return PASSED;
    return check_fail(c, "output '%s': %lld of %lld values differ, most at element %lld: %.9g, wanted is %.9g", name, (long long)wrong,
                (long long)oc_tensor_get_count(got), (long long)worst_at, tensor_element(got, worst_at),
                tensor_element(wanted, worst_at));
}

static bool is_random(const checker *c) {
    for (size_t i = 0; i < oc_graph_state_count(c->graph); i++)
        if (strcmp(oc_graph_get_state(c->graph, i).name, "random.counter") == 0)
            return true;
    return false;
}

static verdict run_set(checker *c, tensors *inputs, tensors *wanted) {
    if (is_random(c)) {
        check_fail(c, "its random numbers are not specified");
        return SKIPPED;
    }
    oc_error err = {0};
    size_t at;
    verdict verdict = c->rewritten != NULL ? check_rewrite(c, inputs) : PASSED;
    if (verdict == PASSED)
        verdict = prepare(c, inputs);
    for (size_t i = 0; verdict == PASSED && i < c->session.input_count; i++)
        if (tensors_find(inputs, c->session.inputs[i].name, &at) != NULL &&
            oc_tensor_copy(c->session.inputs[i].tensor, inputs->items[at], &err) != OC_OK)
            verdict = check_by_error(c, &err);
    if (verdict == PASSED && session_run(&c->session, &err) != OC_OK)
        verdict = check_by_error(c, &err);
    if (verdict == PASSED && wanted->count == 0)
        verdict = check_fail(c, "there is no output_0.pb");
    for (size_t i = 0; verdict == PASSED && i < wanted->count; i++) {
        oc_tensor *got = session_find(&c->session, wanted->names[i]);
        const char *name = i < c->session.output_count ? c->session.outputs[i].name : wanted->names[i];
        if (got == NULL && i < c->session.output_count)
            got = c->session.outputs[i].tensor;
        if (got == NULL)
            return check_fail(c, "the model has no output for output_%zu.pb", i);
        verdict = tensor_as_type(c, &wanted->items[i], oc_tensor_get_dtype(got));
        if (verdict == PASSED)
            verdict = compare(c, name, got, wanted->items[i]);
    }
    return verdict;
}

/* The model for these inputs, whose contents decide about shapes. */
static verdict read_given(checker *c, const tensors *inputs) {
    oc_onnx_given given[MAX_FILES];
    oc_error err = {0};
    for (size_t i = 0; i < inputs->count; i++)
        given[i] = (oc_onnx_given){inputs->names[i], inputs->items[i]};
    if (c->open)
        session_close(&c->session);
    c->open = false;
    oc_graph_destroy(&c->graph);
    oc_status status = oc_onnx_read_given(&c->graph, c->app.context, c->path, given, inputs->count, &err);
    return status == OC_OK ? PASSED : check_by_error(c, &err);
}

static verdict check_set(checker *c, const char *folder) {
    tensors *lists = calloc(2, sizeof(*lists));
    if (lists == NULL)
        return check_fail(c, "out of memory");
    verdict verdict = tensors_load(c, folder, "input", &lists[0]);
    if (verdict == PASSED)
        verdict = tensors_load(c, folder, "output", &lists[1]);
    if (verdict != PASSED && c->given) { /* files of sequences belong to models that are not supported */
        check_fail(c, "%s", c->refusal);
        verdict = SKIPPED;
    }
    if (verdict == PASSED && c->given)
        verdict = read_given(c, &lists[0]);
    if (verdict == PASSED) {
        tensors_name(c, &lists[0]);
        if (!tensors_as_declared(c, &lists[0]))
            verdict = read_given(c, &lists[0]);
    }
    if (verdict == PASSED) {
        verdict = run_set(c, &lists[0], &lists[1]);
    }
    tensors_free(&lists[0]);
    tensors_free(&lists[1]);
    free(lists);
    return verdict;
}

static verdict check_folder(checker *c, const char *folder, int *sets) {
    char path[4096];
    oc_error err = {0};
    snprintf(c->path, sizeof(c->path), "%s/model.onnx", folder);
    oc_status status = oc_onnx_read(&c->graph, c->app.context, c->path, &err);
    c->given = status == OC_ERROR_UNSUPPORTED;
    snprintf(c->refusal, sizeof(c->refusal), "%s", err.text);
    if (status != OC_OK && !c->given)
        return check_by_error(c, &err);
    verdict verdict = PASSED;
    for (*sets = 0; verdict == PASSED; ++*sets) {
        snprintf(path, sizeof(path), "%s/test_data_set_%d", folder, *sets);
        if (access(path, F_OK) != 0)
            break;
        verdict = check_set(c, path);
    }
    if (*sets == 0 && c->given)
        return check_by_error(c, &err);
    return verdict == PASSED && *sets == 0 ? check_fail(c, "there is no test_data_set_0") : verdict;
}

static void report(checker *c, const char *folder, verdict verdict, int sets) {
    static const char *const words[] = {"passed", "failed", "skipped"};
    c->counts[verdict]++;
    if (!c->app.json && verdict == PASSED)
        printf("passed   %s: %d data set%s, largest difference %.3g\n", folder, sets, sets == 1 ? "" : "s", c->worst);
    else if (!c->app.json)
        printf("%-8s %s: %s\n", words[verdict], folder, c->reason);
    if (!c->app.json)
        return;
    json_open('{');
    json_key("folder");
    json_text(folder);
    json_key("result");
    json_text(words[verdict]);
    json_key(verdict == PASSED ? "largest_difference" : "reason");
    if (verdict == PASSED)
        json_number(c->worst);
    else
        json_text(c->reason);
    json_close();
}

static void check_one(checker *c, const char *folder) {
    int sets = 0;
    c->worst = 0;
    verdict verdict = check_folder(c, folder, &sets);
    if (c->open)
        session_close(&c->session);
    c->open = false;
    oc_graph_destroy(&c->graph);
    free(c->dims);
    c->dims = NULL;
    c->dim_count = 0;
    report(c, folder, verdict, sets);
}

static void report_total(const checker *c) {
    static const char *const keys[] = {"passed", "failed", "skipped"};
    if (!c->app.json) {
        printf("%lld passed, %lld failed, %lld skipped\n", (long long)c->counts[PASSED], (long long)c->counts[FAILED],
               (long long)c->counts[SKIPPED]);
        return;
    }
    json_close();
    for (int i = 0; i < 3; i++) {
        json_key(keys[i]);
        json_integer(c->counts[i]);
    }
    json_close();
}

static int check_all(checker *c, const arg_list *folders) {
    if (!app_open(&c->app))
        return EXIT_FAILED;
    if (c->app.json) {
        json_open('{');
        json_key("tests");
        json_open('[');
    }
    for (size_t i = 0; i < folders->count; i++)
        check_one(c, folders->items[i]);
    report_total(c);
    return c->counts[FAILED] == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run(const command *command, int argc, char **argv) {
    checker c = {.rtol = 1e-3, .atol = 1e-5};
    arg_list arguments = {0};
    const option options[] = {{0, "rtol", "X", ARG_NUMBER, &c.rtol, "relative tolerance (default 1e-3)"},
                              {0, "atol", "X", ARG_NUMBER, &c.atol, "absolute tolerance (default 1e-5)"},
                              {0, "rewrite", "DIR", ARG_TEXT, &c.rewritten,
                               "write each model to DIR/NAME.onnx, and run what is read back"},
                              DEVICE_OPTION(c.app),
                              JSON_OPTION(c.app),
                              APP_OPTIONS(c.app),
                              {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON)
        code = check_all(&c, &arguments);
    app_close(&c.app);
    args_free(&arguments);
    return code;
}

const command check_command = {
    "check", "DIR...", "run models on stored inputs and compare with stored outputs",
    "Each folder has the form of an ONNX test: model.onnx, test_data_set_N/input_K.pb and output_K.pb. Types, shapes and\n"
    "NaNs must be the same, values a and wanted ones b must satisfy |a - b| <= atol + rtol * |b| (rtol is 2^-7 at least\n"
    "for bf16). Where shapes depend on the contents of inputs, the model is read for those of the files. Prints a line a\n"
    "folder, then 'N passed, N failed, N skipped'; skipped is what is refused as unsupported, with the reason.\n"
    "Exit code 0 only if none failed.\n"
    "JSON: {\"tests\":[{\"folder\",\"result\",\"largest_difference\" or \"reason\"}],\"passed\",\"failed\",\"skipped\"}.\n",
    run, 1, -1};
