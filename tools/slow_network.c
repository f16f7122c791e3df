/* slow_network.c - the network between network namespaces of one machine, as a
 * switch has it: a packet waits for its turn on the receiver's cable, takes
 * bytes / rate there, and comes a delay later. The sender's cable is the
 * caller's to limit (tc), as TCP sees what waits there and sends no more. What
 * tools/slow_network.sh runs; needs root.
 *
 *     slow_network NAME N DELAY_MS MB_PER_S
 *
 * Namespaces NAME0 .. exist; each gets an interface "slow", which the caller
 * gives the address 10.99.0.(i+1). Prints "ready", then works until it is
 * killed. MB_PER_S 0: no limit. What finds a queue full is dropped.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum {
    MACHINES_MAX = 16,
    PACKET_MAX = 9216,
    WAITING_MAX = 4096, /* packets to one machine; TCP has fewer on the way */
    LAST_OF_ADDRESS = 19
};

struct packet {
    double due_s;
    ssize_t n;
    unsigned char bytes[PACKET_MAX];
};

/* A machine: when its cable is free, and what is on the way to it. */
struct machine {
    int fd;
    double free_s;
    struct packet *waiting; /* (WAITING_MAX), round and round */
    long first, end;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double later(double a, double b)
{
    return a > b ? a : b;
}

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void enter(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET))
        give_up(path);
    close(fd);
}

/* An interface in a namespace; what is sent there is read here. */
static int open_interface(const char *name, int i)
{
    char path[256];
    struct ifreq r = { .ifr_name = "slow" };
    r.ifr_flags = IFF_TUN | IFF_NO_PI;
    snprintf(path, sizeof path, "/run/netns/%s%d", name, i);
    enter(path);
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
        give_up("/dev/net/tun");
    return fd;
}

/* All that a machine has sent, to whom it is for. */
static void take(struct machine *all, int n, int from, double delay_s,
                 double bytes_per_s)
{
    static unsigned char bytes[PACKET_MAX];
    ssize_t size;
    while ((size = read(all[from].fd, bytes, sizeof bytes)) > 0) {
        int to = bytes[LAST_OF_ADDRESS] - 1;
        double takes_s = bytes_per_s > 0 ? (double)size / bytes_per_s : 0;
        if (bytes[0] >> 4 != 4 || to < 0 || to >= n || to == from ||
            all[to].end - all[to].first == WAITING_MAX)
            continue;
        struct machine *peer = &all[to];
        struct packet *p = &peer->waiting[peer->end++ % WAITING_MAX];
        /* it has been on the sender's cable for as long: no time is added */
        peer->free_s = later(now_s(), peer->free_s + takes_s);
        p->due_s = peer->free_s + delay_s;
        p->n = size;
        memcpy(p->bytes, bytes, (size_t)size);
    }
}

/* Hand over what is due; returns when the next will be, or 1 s from now. */
static double deliver(struct machine *m, double next_s)
{
    for (; m->first < m->end; m->first++) {
        const struct packet *p = &m->waiting[m->first % WAITING_MAX];
        if (p->due_s > now_s())
            return p->due_s < next_s ? p->due_s : next_s;
        if (write(m->fd, p->bytes, (size_t)p->n) < 0)
            continue; /* the interface is down: lost, as on a cable */
    }
    return next_s;
}

int main(int argc, char **argv)
{
    static struct machine all[MACHINES_MAX];
    struct pollfd fds[MACHINES_MAX];
    int n = argc == 5 ? atoi(argv[2]) : 0;
    if (n < 2 || n > MACHINES_MAX) {
        fprintf(stderr, "usage: slow_network NAME N DELAY_MS MB_PER_S\n");
        return 2;
    }
    double delay_s = atof(argv[3]) * 1e-3, bytes_per_s = atof(argv[4]) * 1e6;
    for (int i = 0; i < n; i++) {
        all[i].fd = open_interface(argv[1], i);
        all[i].waiting = calloc(WAITING_MAX, sizeof *all[i].waiting);
        if (!all[i].waiting)
            give_up("slow_network");
        fds[i] = (struct pollfd){ .fd = all[i].fd, .events = POLLIN };
    }
    prctl(PR_SET_TIMERSLACK, 1UL);
    puts("ready");
    fflush(stdout);
    for (;;) {
        double next_s = now_s() + 1;
        for (int i = 0; i < n; i++)
            next_s = deliver(&all[i], next_s);
        double s = later(0, next_s - now_s());
        struct timespec wait = { .tv_sec = (time_t)s,
                                 .tv_nsec =
                                     (long)(1e9 * (s - (double)(time_t)s)) };
        ppoll(fds, (nfds_t)n, &wait, NULL);
        for (int i = 0; i < n; i++)
            take(all, n, i, delay_s, bytes_per_s);
    }
}
