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

static void key_number(const char *key, double value) {
    json_key(key);
    json_number(value);
}

/* NULL: not measured. */
static void print_json(const oc_device_info *infos, const oc_bench_speed *speeds, size_t count) {
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
        if (speeds != NULL) {
            key_number("flops", speeds[i].flops);
            key_number("bytes_per_second", speeds[i].bytes);
            key_number("launch_us", 1e6 * speeds[i].launch);
            key_number("wait_us", 1e6 * speeds[i].wait);
            key_number("transfer_us", 1e6 * speeds[i].host_latency);
            key_number("transfer_bytes_per_second", speeds[i].host_rate);
        }
        json_close();
    }
    json_close();
}

static void print_text(const oc_device_info *infos, const oc_bench_speed *speeds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const oc_device_info *info = &infos[i];
        printf("%-5s %-6s %s\n", info->id, oc_device_type_name(info->type), info->name);
        printf("      %s, %s, driver %s\n", info->platform, info->version, info->driver);
        printf("      %u compute units, %u MHz, %.1f GiB (largest buffer %.1f GiB), %llu KiB local, work-groups up to %llu%s%s\n",
               info->compute_units, info->clock_mhz, (double)info->global_mem / 0x1p30, (double)info->max_alloc / 0x1p30,
               (unsigned long long)info->local_mem / 1024, (unsigned long long)info->max_work_group, info->fp16 ? ", fp16" : "",
               info->fp64 ? ", fp64" : "");
        if (speeds != NULL)
            printf("      measured: %.1f GFLOP/s, %.1f GB/s; a launch %.2f us, a wait %.2f us; to the host %.2f us and %.1f GB/s\n",
                   speeds[i].flops * 1e-9, speeds[i].bytes * 1e-9, 1e6 * speeds[i].launch, 1e6 * speeds[i].wait,
                   1e6 * speeds[i].host_latency, speeds[i].host_rate * 1e-9);
    }
}

static oc_bench_speed *measure(app *app, const oc_device_info *infos, size_t count, oc_error *err) {
    oc_bench_speed *speeds = calloc(count + 1, sizeof(*speeds));
    for (size_t i = 0; speeds != NULL && i < count; i++) {
        oc_device *device = NULL;
        oc_status status = oc_device_create(&device, app->context, infos[i].id, err);
        if (status == OC_OK)
            status = oc_bench_calibrate(device, &speeds[i], err);
        oc_device_destroy(&device);
        if (status != OC_OK) {
            free(speeds);
            return NULL;
        }
    }
    return speeds;
}

static int list(app *app, bool calibrate) {
    oc_error err = {0};
    size_t count = 0, room;
    oc_bench_speed *speeds = NULL;
    if (oc_device_list(app->context, NULL, 0, &count, &err) != OC_OK)
        return app_fail(&err);
    oc_device_info *infos = calloc(count, sizeof(*infos));
    if (infos == NULL)
        return app_say("out of memory");
    room = count;
    bool fine = oc_device_list(app->context, infos, room, &count, &err) == OC_OK;
    count = count < room ? count : room;
    if (fine && calibrate)
        fine = (speeds = measure(app, infos, count, &err)) != NULL;
    if (fine)
        (app->json ? print_json : print_text)(infos, speeds, count);
    free(infos);
    free(speeds);
    return fine ? EXIT_DONE : app_fail(&err);
}

static int run(const command *command, int argc, char **argv) {
    app app = {0};
    arg_list arguments = {0};
    bool calibrate = false;
    const option options[] = {{0, "calibrate", NULL, ARG_FLAG, &calibrate, "measure each device, and remember that for placements (seconds)"},
                              JSON_OPTION(app),
                              APP_OPTIONS(app),
                              {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON) {
        code = app_begin(&app) ? list(&app, calibrate) : EXIT_FAILED;
        app_close(&app);
    }
    args_free(&arguments);
    return code;
}

const command devices_command = {
    "devices", "", "list the OpenCL devices of this machine",
    "The first word of each device is its id, which -d of the other commands takes.\n"
    "JSON: an array of {\"id\",\"platform\",\"name\",\"type\",\"version\",\"driver\",\"compute_units\",\"clock_mhz\",\n"
    "\"global_mem\",\"local_mem\",\"max_alloc\",\"max_work_group\",\"fp16\",\"fp64\"}; sizes in bytes. With --calibrate also \"flops\",\n"
    "\"bytes_per_second\",\"launch_us\",\"wait_us\",\"transfer_us\",\"transfer_bytes_per_second\".\n"
    "OCELLI_MASK makes devices weaker, OCELLI_DEVICE names the one used by default.\n",
    run, 0, 0};
