/*
 * A disk that fails, a clock that jumps and an end at any step, put under the real program with LD_PRELOAD.
 *
 * What shall happen stands in a small file that the story and the program both map (ROWLOG_SHIM), so that a running
 * server can be told. Only files named rowlog.db, rowlog.db-wal and the like fail; everything else is left alone. A step
 * is a call that changes any file in the folder of that small file, and the process may be killed at one.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Shared with the story, which writes these numbers in this order (tests/site/shim.rs). */
struct control {
    _Atomic int64_t clock;  /* seconds to add to the clock that people read */
    _Atomic int64_t writes; /* this many writes from now fails; 0 for none */
    _Atomic int64_t flushes; /* this many flushes from now fails; 0 for none */
    _Atomic int64_t error;  /* with this errno */
    _Atomic int64_t failed; /* how many calls have failed */
    _Atomic int64_t lasting; /* 1 if every call after the first to fail does so too */
    _Atomic int64_t steps;   /* at this many steps from now the process is killed; 0 for none */
    _Atomic int64_t torn;    /* 1 if it is in the middle of that step, where that is a write; else before it */
};

static struct control *control(void) {
    static _Atomic(struct control *) shared;
    struct control *found = atomic_load(&shared);
    if (found) return found == MAP_FAILED ? NULL : found;
    const char *path = getenv("ROWLOG_SHIM");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    found = file < 0 ? MAP_FAILED
                     : mmap(NULL, sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    atomic_store(&shared, found);
    return found == MAP_FAILED ? NULL : found;
}

static int is_ours(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    const char *name = strrchr(path, '/');
    return name && strncmp(name, "/rowlog.db", 10) == 0;
}

/* Whether this call is the one that fails; errno is set then. */
static int fails(int file, _Atomic int64_t *(*countdown)(struct control *)) {
    struct control *told = control();
    if (!told || atomic_load(countdown(told)) <= 0 || !is_ours(file)) return 0;
    if (atomic_fetch_sub(countdown(told), 1) != 1) return 0;
    if (atomic_load(&told->lasting)) atomic_store(countdown(told), 1);
    atomic_fetch_add(&told->failed, 1);
    errno = (int)atomic_load(&told->error);
    return 1;
}

/* The folder whose files count as steps, as the system names it. */
static const char *folder(void) {
    static _Thread_local char real[PATH_MAX];
    const char *path = getenv("ROWLOG_SHIM");
    if (!path || !realpath(path, real)) return NULL;
    char *end = strrchr(real, '/');
    if (end) *end = 0;
    return real;
}

static int is_in_folder(const char *path) {
    const char *ours = folder();
    return ours && strncmp(path, ours, strlen(ours)) == 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Whether this is the step at which the process is to be killed. */
static int is_last(struct control *told, const char *path) {
    return is_in_folder(path) && atomic_fetch_sub(&told->steps, 1) == 1;
}

/* A step that changes names. */
static void rename_step(const char *path) {
    struct control *told = control();
    if (told && atomic_load(&told->steps) > 0 && is_last(told, path)) die();
}

/* A step on an open file; whether it is a write that is to be left half done. */
static int step(int file, int may_be_torn) {
    struct control *told = control();
    if (!told || atomic_load(&told->steps) <= 0 || file <= STDERR_FILENO) return 0;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    if (!is_last(told, path)) return 0;
    if (may_be_torn && atomic_load(&told->torn)) return 1;
    die();
    return 0;
}

static _Atomic int64_t *writes(struct control *told) { return &told->writes; }
static _Atomic int64_t *flushes(struct control *told) { return &told->flushes; }

#define REAL(name) ((typeof(name) *)dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t length) {
    if (step(file, 1)) {
        REAL(write)(file, bytes, length / 2);
        die();
    }
    return fails(file, writes) ? -1 : REAL(write)(file, bytes, length);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    if (step(file, 1)) {
        REAL(pwrite)(file, bytes, length / 2, at);
        die();
    }
    return fails(file, writes) ? -1 : REAL(pwrite)(file, bytes, length, at);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    if (step(file, 1)) {
        REAL(pwrite64)(file, bytes, length / 2, at);
        die();
    }
    return fails(file, writes) ? -1 : REAL(pwrite64)(file, bytes, length, at);
}

int fsync(int file) {
    step(file, 0);
    return fails(file, flushes) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file) {
    step(file, 0);
    return fails(file, flushes) ? -1 : REAL(fdatasync)(file);
}

int ftruncate(int file, off_t length) {
    step(file, 0);
    return REAL(ftruncate)(file, length);
}

int ftruncate64(int file, off64_t length) {
    step(file, 0);
    return REAL(ftruncate64)(file, length);
}

int unlink(const char *path) {
    rename_step(path);
    return REAL(unlink)(path);
}

int rename(const char *from, const char *to) {
    rename_step(from);
    return REAL(rename)(from, to);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    rename_step(from);
    return REAL(linkat)(from_folder, from, to_folder, to, flags);
}

int clock_gettime(clockid_t which, struct timespec *time) {
    int answer = REAL(clock_gettime)(which, time);
    struct control *told = which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE ? control() : NULL;
    if (told && answer == 0) time->tv_sec += atomic_load(&told->clock);
    return answer;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int answer = REAL(gettimeofday)(time, zone);
    struct control *told = control();
    if (told && answer == 0) time->tv_sec += atomic_load(&told->clock);
    return answer;
}
