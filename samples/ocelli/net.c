/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli net */
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "table.h"

typedef struct settings {
    app app;
    const char *onnx;
    int64_t seed, outputs, batch;
    bool table, training, auxiliary;
} settings;

static void json_net(const oc_net_info *info) {
    json_key("name");
    json_text(info->name);
    json_key("title");
    json_text(info->title);
    json_key("input");
    json_shape(&info->input);
    json_key("outputs");
    json_integer(info->outputs);
    json_key("auxiliary");
    json_bool(info->auxiliary);
    json_key("source");
    json_text(info->source);
}

static int list(const settings *s) {
    char shape[200], count[40];
    if (s->app.json)
        json_open('[');
    else
        printf("%-20s %14s  %-15s %s\n", "name", "parameters", "input", "source");
    for (size_t i = 0; oc_net_get_info(i).name != NULL; i++) {
        oc_net_info info = oc_net_get_info(i);
        if (s->app.json) {
            json_open('{');
            json_net(&info);
            json_key("parameters");
            json_integer(info.parameters);
            json_close();
        } else {
            printf("%-20s %14s  %-15s %s: %s\n", info.name, count_text((double)info.parameters, count), shape_text(&info.input, shape),
                   info.title, info.source);
        }
    }
    if (s->app.json)
        json_close();
    return EXIT_DONE;
}

static oc_status build(const settings *s, const oc_net_info *info, oc_graph **out, oc_error *err) {
    oc_shape shape = {info->input.rank + 1, {0}};
    oc_status status = oc_graph_create(out, s->app.context, err);
    if (status != OC_OK)
        return status;
    const oc_net_params params = {.outputs = s->outputs, .training = s->training, .auxiliary = s->auxiliary};
    shape.dims[0] = s->batch > 0 ? s->batch : oc_graph_symbol(*out, "N");
    memcpy(&shape.dims[1], info->input.dims, sizeof(int64_t) * (size_t)info->input.rank);
    oc_value *x = oc_graph_input(*out, "input", OC_F32, &shape, err);
    oc_value *y = oc_net_build(*out, info->name, x, &params, err);
    status = oc_graph_output(*out, "output", y, err);
    return status == OC_OK ? oc_graph_check(*out, err) : status;
}

static oc_status write_model(settings *s, const oc_graph *graph, oc_error *err) {
    oc_state *state = NULL;
    oc_status status = oc_state_create(&state, s->app.device, graph, (uint64_t)s->seed, err);
    if (status == OC_OK)
        status = oc_onnx_write(graph, state, s->onnx, err);
    oc_state_destroy(&state);
    return status;
}

static void print_net(const settings *s, const oc_net_info *info, const oc_summary *summary) {
    char text[200];
    oc_summary_info sums = oc_summary_get_info(summary);
    if (s->app.json) {
        json_open('{');
        json_net(info);
        table_json(summary);
        json_close();
        return;
    }
    printf("%s: %s\n", info->title, info->source);
    printf("input %s, ", shape_text(&info->input, text));
    printf("%s parameters, ", count_text((double)sums.parameters, text));
    printf("%s multiply-adds a sample\n", count_text(sums.macs / (double)(s->batch > 0 ? s->batch : 1), text));
    if (s->table) {
        printf("\n");
        table_print(summary);
    }
}

static int show(settings *s, const oc_net_info *info) {
    oc_error err = {0};
    oc_graph *graph = NULL;
    oc_summary *summary = NULL;
    oc_status status = build(s, info, &graph, &err);
    if (status == OC_OK && s->onnx != NULL)
        status = write_model(s, graph, &err);
    if (status == OC_OK)
        status = oc_summary_create(&summary, graph, &(oc_plan_params){.default_dim = 1}, &err);
    if (status == OC_OK)
        print_net(s, info, summary);
    oc_summary_destroy(&summary);
    oc_graph_destroy(&graph);
    return status == OC_OK ? EXIT_DONE : app_fail(&err);
}

static int work(const command *command, settings *s, const arg_list *arguments) {
    if (arguments->count == 0 && (s->onnx != NULL || s->table))
        return args_wrong(command, "%s needs the name of a network", s->onnx != NULL ? "--onnx" : "--table");
    if (s->outputs < 0 || s->batch < 0)
        return args_wrong(command, "--outputs and --batch want at least 1");
    if (arguments->count == 0)
        return list(s);
    int64_t index = oc_net_find(arguments->items[0]);
    if (index < 0)
        return args_wrong(command, "'%s' is no known network ('ocelli net' lists them)", arguments->items[0]);
    if (!(s->onnx != NULL ? app_open : app_begin)(&s->app))
        return EXIT_FAILED;
    oc_net_info info = oc_net_get_info((size_t)index);
    return show(s, &info);
}

static int run(const command *command, int argc, char **argv) {
    settings s = {0};
    arg_list arguments = {0};
    const option options[] = {
        {0, "onnx", "OUT.onnx", ARG_TEXT, &s.onnx, "write the network as a model, with weights as its paper begins with"},
        {0, "table", NULL, ARG_FLAG, &s.table, "print a row a layer: output, bytes, parameters, multiply-adds"},
        {0, "seed", "N", ARG_INTEGER, &s.seed, "of the weights (default 0)"},
        {0, "outputs", "N", ARG_INTEGER, &s.outputs, "classes, or channels of the result (default: as published)"},
        {0, "batch", "N", ARG_INTEGER, &s.batch, "samples (default: any number, called N; the table is of one)"},
        {0, "training", NULL, ARG_FLAG, &s.training, "the form for training: statistics of the batch, dropout"},
        {0, "auxiliary", NULL, ARG_FLAG, &s.auxiliary, "with the auxiliary heads, as outputs aux1 and aux2"},
        DEVICE_OPTION(s.app),
        JSON_OPTION(s.app),
        APP_OPTIONS(s.app),
        {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON)
        code = work(command, &s, &arguments);
    app_close(&s.app);
    args_free(&arguments);
    return code;
}

const command net_command = {
    "net", "[NAME]", "list known networks, or tell of one, or write it as an ONNX model",
    "Without a name all networks are listed.\n"
    "Parameters have torchvision's names and shapes where it has the network. Rows of the table are those of 'ocelli info'.\n"
    "JSON of the list: an array of {\"name\",\"title\",\"input\",\"outputs\",\"auxiliary\",\"source\",\"parameters\"}; of one:\n"
    "such an object, with \"nodes\",\"parameters\",\"macs\" as 'ocelli info' has them.\n",
    run, 0, 1};
