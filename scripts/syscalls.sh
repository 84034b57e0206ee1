#!/usr/bin/env bash
# What do the server's processes ask of the kernel while all golden-file tests run? There is no way from SQL to a
# program, to the network or to a file outside the server's own folders: every call of those kinds is counted and judged
# by rule. Needs strace; uses a private copy of PG_CONFIG's server, with the library that is installed there and this
# tree's SQL. Usage: syscalls.sh [TEST...]; without names all. SYSCALLS_KEEP names a file that the trace is kept in.
source "$(dirname "$0")/common.sh"
use_server
command -v strace >/dev/null || die "strace is not installed"

copy=$(mktemp -d /tmp/pg_wand-traced.XXXXXX)
chmod 755 "$copy"
own_config=$("$ROOT/scripts/private.sh" "$copy")
origin=$("$PG_CONFIG" --bindir)
use_server "$own_config"
installed=$(realpath "$copy")

# Opening, running, connecting, and whatever makes, renames or removes names of files.
calls=execve,execveat,socket,connect,bind,listen,open,openat,openat2,creat,link,linkat,symlink,symlinkat,mknod,mknodat
calls+=,chmod,fchmodat,chown,fchownat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,truncate,ptrace
calls+=,process_vm_readv,process_vm_writev,mount,chroot,setuid,setgid
trace=$copy/trace
: >"$trace"
[ "$(id -u)" != 0 ] || chown nobody:nogroup "$trace"

server_start "jit = off"
as_server "$BINDIR/pg_ctl" -D "$SERVER/data" -w -s stop
as_server strace -f -qq -s 4096 -e trace="$calls" -e signal=none -o "$trace" \
	"$BINDIR/postgres" -D "$SERVER/data" >>"$SERVER/log" 2>&1 &
tracer=$!
stop_traced() {
	as_server "$BINDIR/pg_ctl" -D "$SERVER/data" -m fast -w -s stop || true
	wait "$tracer" || true
}
trap 'stop_traced; server_stop; rm -rf "$copy"' EXIT
for _ in $(seq 100); do
	if "$BINDIR/pg_isready" -q; then break; fi
	sleep 0.1
done
PG_CONFIG=$own_config OUTPUT=$TARGET/$PGV/traced "$ROOT/scripts/regress.sh" "$@" >"$copy/said" 2>&1 || {
	cat "$copy/said" >&2
	die "the golden-file tests fail under strace"
}
stop_traced
trap 'server_stop; rm -rf "$copy"' EXIT

# judge TRACE: what was called, and what was not allowed. Paths that do not begin with / are in the server's data
# folder, which is where its processes stand.
judge() {
	perl - "$1" "$SERVER" "$installed" "$origin" <<'P'
use strict;
my ($trace, $server, $installed, $origin) = @ARGV;
open(my $in, '<', $trace) or die;
my ($all, $first, %kinds, %found, %execs, %of_us);
while (<$in>) {
    next if /resumed>|\+\+\+|---/ && !/\(/;
    my ($pid, $call, $rest) = /^(\d+)\s+(\w+)\((.*)/ or next;
    $all++;
    $kinds{$call}++;
    $first //= $pid;
    if ($call =~ /^exec/) {
        # The server itself; locale -a and the like are of initdb, which is not traced.
        $found{"$call $rest"}++ unless $pid == $first && $rest =~ m{^"\Q$installed\E/\S*/postgres"};
    } elsif ($call eq 'socket') {
        # Its own: the socket in its folder, look-ups of the user by the C library, and interface addresses.
        $found{"$call $rest"}++ unless $rest =~ /^AF_UNIX|^AF_NETLINK/ || $pid == $first;
    } elsif ($call =~ /^(connect|bind|listen)$/) {
        my $path = $rest =~ /sun_path=@?"([^"]*)"/ ? $1 : $pid == $first ? '' : '?';
        $found{"$call $rest"}++ unless $path =~ m{^(\Q$server\E/.*|/var/run/nscd/socket|)$};
    } elsif ($call =~ /^(ptrace|process_vm_|mount|chroot|set[ug]id)/) {
        $found{"$call $rest"}++;
    } else {
        my @paths = $rest =~ /"((?:[^"\\]|\\.)*)"/g;
        my $reads = $call =~ /^open/ && $rest =~ /O_RDONLY/ && $rest !~ /O_CREAT|O_TRUNC/;
        for my $path (@paths) {
            $of_us{$path}++ if $path =~ m{pg_wand};
            next if $path !~ m{^/} && $path !~ m{(^|/)\.\.(/|$)};
            next if $path =~ m{^\Q$server\E/} || $path =~ m{^/dev/(shm/PostgreSQL\.\d+|null|urandom)$};
            next if $reads && $path =~ m{^(\Q$installed\E|\Q$origin\E/\.\.)/};
            # The first process also reads libraries, locales, users, and what the kernel says of itself.
            my $system = $pid == $first ? qr{^/(usr|lib|etc|proc|sys)} : qr{^/usr/share/zoneinfo|^/(usr/)?lib/\S+\.so};
            next if $reads && $path =~ $system;
            $found{"$call $path"}++;
        }
    }
}
die "only $all calls were seen\n" if $all < 2000;
die "the extension's files were not opened\n" unless grep { m{/pg_wand\.so$} } keys %of_us;
my @findings = sort keys %found;
print "  $found{$_} x $_\n" for @findings[0 .. ($#findings > 40 ? 40 : $#findings)];
my $kinds = join ', ', map { "$kinds{$_} $_" } sort { $kinds{$b} <=> $kinds{$a} } keys %kinds;
print "syscalls: $all calls ($kinds), " . scalar(@findings) . " not allowed\n";
exit(@findings ? 1 : 0);
P
}

# First it must find what is wrong: a program, the network, files of the system, to read and to write.
{
	cat "$trace"
	printf '999999 %s\n' 'execve("/bin/sh", ["sh", "-c", "true"], 0x1 /* 1 var */) = 0' \
		'socket(AF_INET, SOCK_STREAM, IPPROTO_IP) = 5' \
		'connect(5, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("10.0.0.1")}, 16) = 0' \
		'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 5' 'openat(AT_FDCWD, "../../x", O_RDWR|O_CREAT, 0600) = 5' \
		'openat(AT_FDCWD, "/proc/self/environ", O_RDONLY) = 5' 'unlink("/tmp/x") = 0'
} >"$copy/bad"
judge "$copy/bad" >"$copy/said" && die "what is not allowed is let through"
grep -q ' 7 not allowed' "$copy/said" || die "not all is found: $(tail -n 9 "$copy/said")"
judge "$trace"
