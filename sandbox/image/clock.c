/* Thirteen months ahead, on another day of the week, in another part of the day: for what asks libc.
 * Time that is not the calendar's stays as it is. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static const time_t AHEAD = 397L * 86400 + 11 * 3600 + 27 * 60;

int clock_gettime(clockid_t clock, struct timespec *at)
{
    static int (*real)(clockid_t, struct timespec *);
    int code;
    if (!real)
        real = dlsym(RTLD_NEXT, "clock_gettime");
    code = real(clock, at);
    if (code == 0 && at && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += AHEAD;
    return code;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone)
{
    static int (*real)(struct timeval *, void *);
    int code;
    if (!real)
        real = dlsym(RTLD_NEXT, "gettimeofday");
    code = real(at, zone);
    if (code == 0 && at)
        at->tv_sec += AHEAD;
    return code;
}

time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}
