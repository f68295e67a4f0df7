/* weaken.c: bugs that a test plants in the daemon as it is shipped, by LD_PRELOAD.
 *
 * GK_WEAKEN names one. The test of the fault must then fail; a test that passes is blind. Nothing of
 * this is in the daemon, and nothing of the daemon is built for it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int weak(const char* bug) {
  const char* planted = getenv("GK_WEAKEN");
  return planted != NULL && strcmp(planted, bug) == 0;
}

/* "believe-the-disk": no write or sync ever fails. */
static int hide(ssize_t result) {
  return result < 0 && (errno == ENOSPC || errno == EROFS || errno == EIO) && weak("believe-the-disk");
}
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void* from, size_t size, off64_t at) {
  const ssize_t result = REAL(pwrite64)(fd, from, size, at);
  return hide(result) ? (ssize_t)size : result;
}
ssize_t pwrite(int fd, const void* from, size_t size, off_t at) {
  const ssize_t result = REAL(pwrite)(fd, from, size, at);
  return hide(result) ? (ssize_t)size : result;
}
ssize_t write(int fd, const void* from, size_t size) {
  const ssize_t result = REAL(write)(fd, from, size);
  return hide(result) ? (ssize_t)size : result;
}
int fsync(int fd) {
  const int result = REAL(fsync)(fd);
  return hide(result) ? 0 : result;
}
int fdatasync(int fd) {
  const int result = REAL(fdatasync)(fd);
  return hide(result) ? 0 : result;
}

/* "die-without-descriptors": running out of them is not expected. */
/* "leak": a descriptor and 64 KiB are lost with each connection. */
static int checked_descriptor(int fd) {
  if (fd >= 0 && weak("leak")) {
    if (dup(fd) < 0) abort();
    static void* volatile lost;  // Else the compiler sees that nobody needs it.
    lost = malloc(65536);
    memset(lost, 1, 65536);
  }
  if (fd < 0 && errno == EMFILE && weak("die-without-descriptors")) abort();
  return fd;
}
int accept(int fd, struct sockaddr* peer, socklen_t* size) {
  return checked_descriptor(REAL(accept)(fd, peer, size));
}
int accept4(int fd, struct sockaddr* peer, socklen_t* size, int flags) {
  return checked_descriptor(REAL(accept4)(fd, peer, size, flags));
}

/* "die-of-hup": SIGHUP is not blocked. "deaf-to-term": SIGTERM is blocked and nobody reads it. */
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) {
  sigset_t fewer;
  if (how == SIG_BLOCK && set != NULL && weak("die-of-hup")) {
    fewer = *set;
    sigdelset(&fewer, SIGHUP);
    set = &fewer;
  }
  return REAL(pthread_sigmask)(how, set, old);
}
int signalfd(int fd, const sigset_t* set, int flags) {
  sigset_t fewer = *set;
  if (weak("deaf-to-term")) sigdelset(&fewer, SIGTERM);
  return REAL(signalfd)(fd, &fewer, flags);
}

/* "one-clock": the monotonic clock jumps with the civil one (libfaketime's, loaded behind this). */
int clock_gettime(clockid_t id, struct timespec* out) {
  const int result = REAL(clock_gettime)(id, out);
  if (result == 0 && id == CLOCK_MONOTONIC && weak("one-clock")) {
    struct timespec shown, true_time;
    REAL(clock_gettime)(CLOCK_REALTIME, &shown);
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &true_time);
    out->tv_sec += shown.tv_sec - true_time.tv_sec;
  }
  return result;
}

/* "slow-loop": whatever happens, the loop hears of it 100 ms late. */
int epoll_wait(int fd, struct epoll_event* events, int size, int timeout) {
  const int count = REAL(epoll_wait)(fd, events, size, timeout);
  if (count > 0 && weak("slow-loop")) {
    const struct timespec late = {.tv_sec = 0, .tv_nsec = 100000000};
    nanosleep(&late, NULL);
  }
  return count;
}
