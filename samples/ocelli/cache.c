/* SPDX-License-Identifier: Apache-2.0 */
/* ocelli cache */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "json.h"

static int work(app *app, bool clear) {
    oc_error err = {0};
    uint64_t files = 0, bytes = 0;
    const char *folder = oc_context_cache_folder(app->context);
    if (clear && oc_context_cache_clear(app->context, &err) != OC_OK)
        return app_fail(&err);
    if (oc_context_cache_size(app->context, &files, &bytes, &err) != OC_OK)
        return app_fail(&err);
    if (app->json) {
        json_open('{');
        json_key("folder");
        json_text(folder);
        json_key("files");
        json_integer((int64_t)files);
        json_key("bytes");
        json_integer((int64_t)bytes);
        json_close();
    } else if (folder[0] == 0)
        printf("no cache folder: nothing is kept\n");
    else
        printf("%s: %llu files, %.1f MiB%s\n", folder, (unsigned long long)files, (double)bytes / 0x1p20, clear ? " (cleared)" : "");
    return EXIT_DONE;
}

static int run(const command *command, int argc, char **argv) {
    app app = {0};
    arg_list arguments = {0};
    const option options[] = {JSON_OPTION(app), APP_OPTIONS(app), {0}};
    int code = args_parse(command, options, argc, argv, &arguments);
    bool clear = arguments.count > 0;
    if (code == ARGS_GO_ON && clear && strcmp(arguments.items[0], "clear") != 0)
        code = args_wrong(command, "'%s' is not 'clear'", arguments.items[0]);
    if (code == ARGS_GO_ON) {
        code = app_begin(&app) ? work(&app, clear) : EXIT_FAILED;
        app_close(&app);
    }
    args_free(&arguments);
    return code;
}

const command cache_command = {
    "cache", "[clear]", "tell where compiled programs and measurements are kept, or remove them",
    "The folder is $OCELLI_CACHE, else $XDG_CACHE_HOME/ocelli, else ~/.cache/ocelli.\n"
    "JSON: {\"folder\",\"files\",\"bytes\"}.\n",
    run, 0, 1};
