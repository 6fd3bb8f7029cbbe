/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli doctor */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "json.h"

extern char **environ;

/* What the library says when it skips a platform or a device. */
static void take_log(void *user, oc_log_level level, const char *text) {
    doctor *d = user;
    if (level == OC_LOG_WARNING || (level == OC_LOG_INFO && strstr(text, "has no devices") != NULL)) {
        for (size_t i = 0; i < d->notes.count; i++) {
            if (strcmp(d->notes.items[i], text) == 0) {
                return;
            }
        }
        texts_add(&d->notes, "%s", text);
    }
    if (d->app.verbose) {
        fprintf(stderr, "ocelli: %s\n", text);
    }
}

static void look_at_environment(doctor *d) {
    static const char *const starts[] = {"OCELLI_", "OCL_ICD_", "POCL_", "RUSTICL_", "OPENCL_", "CL_", "OCLGRIND_"};
    for (char **at = environ; *at != NULL; at++) {
        for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
            if (strncmp(*at, starts[i], strlen(starts[i])) == 0) {
                texts_add(&d->environment, "%s", *at);
                break;
            }
        }
    }
}

static void look_at_cache(doctor *d) {
    oc_error err = {0};
    struct stat info;
    d->cache = oc_context_cache_folder(d->app.context);
    if (d->cache[0] == 0) {
        texts_add(&d->notes, "there is no cache folder: every program compiles its kernels anew");
        return;
    }
    d->cache_exists = stat(d->cache, &info) == 0;
    if (!d->cache_exists) {
        return; /* it is made when there is something to keep */
    }
    d->cache_mode = info.st_mode & 07777;
    if (!S_ISDIR(info.st_mode)) {
        texts_add(&d->problems, "the cache %s is no folder", d->cache);
    } else if (info.st_uid != geteuid()) {
        texts_add(&d->problems, "the cache folder %s belongs to another user and is not used", d->cache);
    } else if (info.st_mode & 022) {
        texts_add(&d->problems, "the cache folder %s can be written by others and is not used: chmod 700 %s", d->cache, d->cache);
    } else if (access(d->cache, W_OK) != 0) {
        texts_add(&d->problems, "the cache folder %s cannot be written: chmod 700 %s", d->cache, d->cache);
    }
    if (oc_context_cache_size(d->app.context, &d->cache_files, &d->cache_bytes, &err) != OC_OK) {
        texts_add(&d->problems, "%s", err.text);
    }
}

static void look_at_devices(doctor *d) {
    oc_error err = {0};
    size_t count = 0;
    if (oc_device_list(d->app.context, NULL, 0, &count, &err) != OC_OK) {
        texts_add(&d->problems, "%s", err.text);
        return;
    }
    oc_device_info *infos = calloc(count + 1, sizeof(*infos));
    d->devices = calloc(count + 1, sizeof(*d->devices));
    if (infos == NULL || d->devices == NULL || oc_device_list(d->app.context, infos, count, &d->device_count, &err) != OC_OK) {
        texts_add(&d->problems, "%s", err.text[0] != 0 ? err.text : "out of memory");
        d->device_count = 0;
    }
    d->device_count = d->device_count < count ? d->device_count : count;
    for (size_t i = 0; i < d->device_count; i++) {
        d->devices[i].info = infos[i];
    }
    free(infos);
}

static void print_list(const char *title, const texts *list) {
    for (size_t i = 0; i < list->count; i++) {
        printf("%s%s\n", i == 0 ? title : "  ", list->items[i]);
    }
}

static void print_device(const checked_device *device) {
    const oc_device_info *info = &device->info;
    const oc_driver_bug *bug;
    printf("\n%s %s (%s)\n  %s, %s, driver %s\n", info->id, info->name, oc_device_type_name(info->type), info->platform, info->version,
           info->driver);
    if (device->why[0] != 0) {
        printf("  WRONG: %s\n", device->why);
        return;
    }
    for (size_t i = 0; i < DOCTOR_TESTS; i++) {
        const doctor_test *test = &device->tests[i];
        printf("  %-12s%-7s%-28s %9.3f ms, off by %.1e %s\n", test->name, test->right ? "right" : "WRONG", test->solver,
               1e3 * test->seconds, test->error, test->why);
    }
    printf("  self-test: %.1f s\n", device->seconds);
    for (size_t i = 0; (bug = oc_device_known_bug(info, i)) != NULL; i++) {
        printf("  known bug %s (seen with %s): %s; %s\n", bug->name, bug->seen, bug->text, bug->avoided);
    }
}

static void print_text(const doctor *d) {
    printf("ocelli %s\n\nloader %s: %s\n", oc_version_text(), d->loader, d->loader_why != NULL ? d->loader_why : "loads");
    printf("drivers in %s\n", d->vendors);
    for (size_t i = 0; i < d->driver_count; i++) {
        printf("  %s: %s %s\n", d->drivers[i].file, d->drivers[i].library, d->drivers[i].why != NULL ? "DOES NOT LOAD" : "loads");
    }
    for (size_t i = 0; i < d->device_count; i++) {
        print_device(&d->devices[i]);
    }
    if (d->cache != NULL && d->cache[0] != 0) {
        printf("\ncache %s: %s", d->cache, d->cache_exists ? "" : "not there yet\n");
        if (d->cache_exists) {
            printf("mode %04o, %llu files, %.1f MiB of at most 512\n", d->cache_mode, (unsigned long long)d->cache_files,
                   (double)d->cache_bytes / 0x1p20);
        }
    }
    print_list("\nenvironment\n  ", &d->environment);
    print_list("\nnotes\n  ", &d->notes);
    print_list("\nWRONG\n  ", &d->problems);
    print_list("\nwhat to do\n  ", &d->advice);
    printf("\n%s\n", d->problems.count == 0 ? "all is well" : "something is wrong");
}

static void json_pair(const char *key, const char *text) {
    json_key(key);
    if (text != NULL) {
        json_text(text);
    } else {
        json_null();
    }
}

static void json_list(const char *key, const texts *list) {
    json_key(key);
    json_open('[');
    for (size_t i = 0; i < list->count; i++) {
        json_text(list->items[i]);
    }
    json_close();
}

static void json_bugs(const oc_device_info *info) {
    const oc_driver_bug *bug;
    json_key("bugs");
    json_open('[');
    for (size_t i = 0; (bug = oc_device_known_bug(info, i)) != NULL; i++) {
        json_open('{');
        json_pair("name", bug->name);
        json_pair("seen", bug->seen);
        json_pair("text", bug->text);
        json_pair("avoided", bug->avoided);
        json_close();
    }
    json_close();
}

static void json_device(const checked_device *device) {
    json_open('{');
    json_pair("id", device->info.id);
    json_pair("name", device->info.name);
    json_pair("platform", device->info.platform);
    json_pair("version", device->info.version);
    json_pair("driver", device->info.driver);
    json_pair("why", device->why[0] != 0 ? device->why : NULL);
    json_key("tests");
    json_open('[');
    for (size_t i = 0; device->why[0] == 0 && i < DOCTOR_TESTS; i++) {
        const doctor_test *test = &device->tests[i];
        json_open('{');
        json_pair("name", test->name);
        json_pair("solver", test->solver);
        json_key("right");
        json_bool(test->right);
        json_key("error");
        json_number(test->error);
        json_key("ms");
        json_number(1e3 * test->seconds);
        json_close();
    }
    json_close();
    json_key("seconds");
    json_number(device->seconds);
    json_bugs(&device->info);
    json_close();
}

static void print_json(const doctor *d) {
    json_open('{');
    json_pair("version", oc_version_text());
    json_pair("loader", d->loader);
    json_pair("loader_error", d->loader_why);
    json_key("drivers");
    json_open('[');
    for (size_t i = 0; i < d->driver_count; i++) {
        json_open('{');
        json_pair("file", d->drivers[i].file);
        json_pair("library", d->drivers[i].library);
        json_pair("error", d->drivers[i].why);
        json_close();
    }
    json_close();
    json_key("devices");
    json_open('[');
    for (size_t i = 0; i < d->device_count; i++) {
        json_device(&d->devices[i]);
    }
    json_close();
    json_key("cache");
    json_open('{');
    json_pair("folder", d->cache);
    json_key("exists");
    json_bool(d->cache_exists);
    json_key("mode");
    json_integer(d->cache_mode);
    json_key("files");
    json_integer((int64_t)d->cache_files);
    json_key("bytes");
    json_integer((int64_t)d->cache_bytes);
    json_close();
    json_list("environment", &d->environment);
    json_list("notes", &d->notes);
    json_list("problems", &d->problems);
    json_list("advice", &d->advice);
    json_close();
}

static int examine(doctor *d) {
    oc_error err = {0};
    const oc_log log = {d->app.verbose ? OC_LOG_DEBUG : OC_LOG_INFO, take_log, d};
    if (oc_context_create(&d->app.context, &(oc_context_params){.log = &log}, &err) != OC_OK) {
        return app_fail(&err);
    }
    look_at_environment(d);
    look_at_cache(d);
    look_at_devices(d);
    doctor_find_drivers(d);
    for (size_t i = 0; i < d->device_count; i++) {
        doctor_test_device(d, &d->devices[i]);
    }
    (d->app.json ? print_json : print_text)(d);
    return d->problems.count == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void finish(doctor *d) {
    for (size_t i = 0; i < d->driver_count; i++) {
        free(d->drivers[i].file);
        free(d->drivers[i].library);
        free(d->drivers[i].why);
    }
    free(d->drivers);
    free(d->devices);
    free(d->loader);
    free(d->loader_why);
    free(d->vendors);
    texts_free(&d->environment);
    texts_free(&d->problems);
    texts_free(&d->notes);
    texts_free(&d->advice);
    app_close(&d->app);
}

static int run(const command *command, int argc, char **argv) {
    doctor d = {.loader = NULL};
    arg_list arguments = {0};
    const option options[] = {JSON_OPTION(d.app), APP_OPTIONS(d.app), {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    if (code == ARGS_GO_ON) {
        code = examine(&d);
        finish(&d);
    }
    args_free(&arguments);
    return code;
}

const command doctor_command = {
    "doctor", "", "find out what is wrong with this machine's OpenCL, and what to do",
    "Looks at the loader, the drivers it is told of, the devices they have (each computes a product, a convolution and a\n"
    "pooling, compared with this command's own numbers), known driver bugs, the cache folder and the environment.\n"
    "Exit code 0: all is well; 1: something is wrong, and said under WRONG.\n"
    "JSON: {\"version\",\"loader\",\"loader_error\",\"drivers\",\"devices\",\"cache\",\"environment\",\"notes\",\"problems\",\"advice\"}.\n",
    run, 0, 0};
