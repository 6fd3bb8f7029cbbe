/* SPDX-License-Identifier: Apache-2.0 */
/* Habits of host programs: another locale, a timer's signals at 1 kHz with and without SA_RESTART, fork in a thread, a umask, another
 * current folder. Builds, runs and files go on as if nothing were. */
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device/device.h"
#include "kit/kit.h"
#include "kit/work.h"

static oc_error err;
static volatile sig_atomic_t alarms;

static void count_alarm(int signal) {
    (void)signal;
    alarms++;
}

/* All of it, with a cache folder of its own: programs are built and kept. */
static void use(float numbers[NUMBERS]) {
    kit k;
    place here = {0};
    kit_init(&k, NULL);
    here.context = k.context;
    here.device = kit_open(&k);
    snprintf(here.folder, sizeof(here.folder), "%.200s", k.folder);
    snprintf(here.model, sizeof(here.model), "%s/model.onnx", here.folder);
    KIT_OK(work_program(&here, numbers, &err), &err);
    KIT_OK(work_write_model(&here, &err), &err);
    KIT_OK(work_squeezenet(&here, numbers, &err), &err);
    KIT_OK(work_trainer(&here, numbers + NUMBERS / 2, &err), &err); /* saves and resumes */
    assert_int_equal(k.errors, 0);
    kit_finish(&k);
}

static void expect_same(const float *got, const float *wanted) {
    for (int i = 0; i < NUMBERS + NUMBERS / 2; i++)
        if (got[i] != wanted[i])
            fail_msg("number %d is %g, not %g", i, (double)got[i], (double)wanted[i]);
}

static float wanted[2 * NUMBERS];

/* A locale with a decimal comma: one that is installed, or one that is made in a temporary folder. */
static bool set_comma(const char *folder) {
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "cs_CZ.UTF-8"};
    char command[400];
    snprintf(command, sizeof(command), "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
    for (int turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
            if (setlocale(LC_ALL, names[i]) && localeconv()->decimal_point[0] == ',')
                return true;
        if (system(command) != 0)
            return false;
        setenv("LOCPATH", folder, 1);
    }
    return false;
}

static void test_locale(void **state) {
    (void)state;
    char folder[] = "/tmp/ocelli-locale-XXXXXX", command[100];
    float got[2 * NUMBERS] = {0};
    assert_non_null(mkdtemp(folder));
    bool comma = set_comma(folder);
    if (comma)
        use(got);
    bool kept = !comma || localeconv()->decimal_point[0] == ',';
    setlocale(LC_ALL, "C");
    unsetenv("LOCPATH");
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    if (!comma) {
        print_message("skipped: there is no locale with a decimal comma, and none can be made (Debian: locales)\n");
        skip();
    }
    assert_true(kept);
    expect_same(got, wanted);
}

static void with_alarms(int flags) {
    float got[2 * NUMBERS] = {0};
    struct sigaction action = {.sa_handler = count_alarm, .sa_flags = flags}, before, after;
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    alarms = 0;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    use(got);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &before, &after), 0);
    assert_true(after.sa_handler == count_alarm && (after.sa_flags & SA_RESTART) == (flags & SA_RESTART)); /* the host's own still */
    assert_true(alarms > 20);
    expect_same(got, wanted);
}

static void test_signals(void **state) {
    (void)state;
    with_alarms(SA_RESTART);
}

static void test_signals_without_restart(void **state) {
    (void)state;
    with_alarms(0);
}

/* A umask, and another current folder while things are open: the cache stays private, files get the modes the host wants. */
static void test_umask_and_folder(void **state) {
    (void)state;
    kit k;
    place here = {0};
    training t;
    struct stat info;
    char path[300], before[512];
    assert_non_null(getcwd(before, sizeof(before)));
    mode_t mask = umask(0);
    kit_init(&k, NULL);
    here.context = k.context;
    here.device = kit_open(&k);
    KIT_OK(training_init(&t, &here, k.device, &err), &err);
    assert_int_equal(chdir("/"), 0);
    snprintf(path, sizeof(path), "%s/state", k.folder);
    KIT_OK(training_step(&t, 1, &err), &err);
    KIT_OK(oc_state_save(t.state, path, NULL, &err), &err);
    float numbers[NUMBERS];
    KIT_OK(work_program(&here, numbers, &err), &err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0666);
    assert_int_equal(stat(k.cache, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
    assert_int_equal(umask(077), 0); /* the library has left it */
    unlink(path);
    KIT_OK(oc_state_save(t.state, path, NULL, &err), &err);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    char now[512];
    assert_non_null(getcwd(now, sizeof(now)));
    assert_string_equal(now, "/");
    umask(mask);
    assert_int_equal(chdir(before), 0);
    training_finish(&t);
    kit_finish(&k);
}

typedef struct forker {
    place here;
    training *t;
    int code;
} forker;

/* The child, of a thread, with the parent's other thread in the midst of a run, gets a status from all that it asks for. */
static void *fork_now(void *user) {
    forker *f = user;
    pid_t child = fork();
    if (child == 0) {
        oc_device *device = NULL;
        oc_tensor *tensor = NULL;
        int wrong = 0;
        alarm(20); /* a child that hangs ends */
        wrong |= oc_exec_run(f->t->exec, NULL, 0, NULL, 0, NULL) != OC_ERROR_FORKED;
        wrong |= (oc_device_create(&device, f->here.context, NULL, NULL) != OC_ERROR_FORKED) << 1;
        wrong |= (oc_tensor_create(&tensor, f->here.context, f->here.device, OC_F32, &OC_SHAPE(3), NULL) != OC_ERROR_FORKED) << 2;
        wrong |= (oc_state_save(f->t->state, "/dev/null", NULL, NULL) != OC_ERROR_FORKED) << 3;
        _exit(wrong);
    }
    f->code = -1;
    while (waitpid(child, &f->code, 0) < 0 && errno == EINTR)
        ;
    return NULL;
}

/* Without a log: its lock might be held by another thread when the process forks. */
static void test_fork(void **state) {
    (void)state;
    training t;
    forker f = {.t = &t};
    KIT_OK(oc_context_create(&f.here.context, &(oc_context_params){.cache_folder = ""}, &err), &err);
    if (oc_device_create(&f.here.device, f.here.context, NULL, &err) != OC_OK) {
        oc_context_destroy(&f.here.context);
        skip();
    }
    KIT_OK(training_init(&t, &f.here, f.here.device, &err), &err);
    for (int turn = 0; turn < 5; turn++) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, fork_now, &f), 0);
        for (int i = 0; i < 20; i++)
            KIT_OK(training_step(&t, 1 + i, &err), &err);
        pthread_join(thread, NULL);
        assert_int_equal(f.code, 0);
    }
    KIT_OK(training_step(&t, 1, &err), &err);
    training_finish(&t);
    oc_device_destroy(&f.here.device);
    oc_context_destroy(&f.here.context);
}

static int first_use(void **state) {
    (void)state;
    kit k;
    kit_init(&k, NULL);
    oc_status status = oc_device_create(&k.device, k.context, NULL, &err);
    kit_finish(&k);
    if (status == OC_OK)
        use(wanted);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_locale), cmocka_unit_test(test_signals),
                                       cmocka_unit_test(test_signals_without_restart), cmocka_unit_test(test_umask_and_folder),
                                       cmocka_unit_test(test_fork)};
    return cmocka_run_group_tests(tests, first_use, NULL);
}
