/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli devices */
#include <stdio.h>
#include <stdlib.h>

#include "app.h"
#include "json.h"

static void key_text(const char *key, const char *text) {
    json_key(key);
    json_text(text);
}

static void key_integer(const char *key, uint64_t value) {
    json_key(key);
    json_integer((int64_t)value);
}

static void print_json(const oc_device_info *infos, size_t count) {
    json_open('[');
    for (size_t i = 0; i < count; i++) {
        const oc_device_info *info = &infos[i];
        json_open('{');
        key_text("id", info->id);
        key_text("platform", info->platform);
        key_text("name", info->name);
        key_text("type", oc_device_type_name(info->type));
        key_text("version", info->version);
        key_text("driver", info->driver);
        key_integer("compute_units", info->compute_units);
        key_integer("clock_mhz", info->clock_mhz);
        key_integer("global_mem", info->global_mem);
        key_integer("local_mem", info->local_mem);
        key_integer("max_alloc", info->max_alloc);
        key_integer("max_work_group", info->max_work_group);
        json_key("fp16");
        json_bool(info->fp16);
        json_key("fp64");
        json_bool(info->fp64);
        json_close();
    }
    json_close();
}

static void print_text(const oc_device_info *infos, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const oc_device_info *info = &infos[i];
        printf("%-5s %-6s %s\n", info->id, oc_device_type_name(info->type), info->name);
        printf("      %s, %s, driver %s\n", info->platform, info->version, info->driver);
        printf("      %u compute units, %u MHz, %.1f GiB (largest buffer %.1f GiB), %llu KiB local, work-groups up to %llu%s%s\n",
               info->compute_units, info->clock_mhz, (double)info->global_mem / 0x1p30, (double)info->max_alloc / 0x1p30,
               (unsigned long long)info->local_mem / 1024, (unsigned long long)info->max_work_group, info->fp16 ? ", fp16" : "",
               info->fp64 ? ", fp64" : "");
    }
}

static int list(app *app) {
    oc_error err = {0};
    size_t count = 0, room;
    if (oc_device_list(app->context, NULL, 0, &count, &err) != OC_OK)
        return app_fail(&err);
    oc_device_info *infos = calloc(count, sizeof(*infos));
    if (infos == NULL)
        return app_say("out of memory");
    room = count;
    if (oc_device_list(app->context, infos, room, &count, &err) != OC_OK) {
        free(infos);
        return app_fail(&err);
    }
    (app->json ? print_json : print_text)(infos, count < room ? count : room);
    free(infos);
    return EXIT_DONE;
}

static int run(const command *command, int argc, char **argv) {
    app app = {0};
    arg_list arguments = {0};
    const option options[] = {JSON_OPTION(app), APP_OPTIONS(app), {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON) {
        code = app_begin(&app) ? list(&app) : EXIT_FAILED;
        app_close(&app);
    }
    args_free(&arguments);
    return code;
}

const command devices_command = {
    "devices", "", "list the OpenCL devices of this machine",
    "The first word of each device is its id, which -d of the other commands takes.\n"
    "JSON: an array of {\"id\",\"platform\",\"name\",\"type\",\"version\",\"driver\",\"compute_units\",\"clock_mhz\",\n"
    "\"global_mem\",\"local_mem\",\"max_alloc\",\"max_work_group\",\"fp16\",\"fp64\"}; sizes in bytes.\n"
    "OCELLI_MASK makes devices weaker, OCELLI_DEVICE names the one used by default.\n",
    run, 0, 0};
