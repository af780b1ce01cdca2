# shellcheck shell=bash disable=SC2154
# ^ what is not set here stands above: arguments, output, address, dashboard, cpus, gpus, restarts
say() { echo "$(date +%FT%T) $*"; }
if [ -z "${SLURM_JOB_ID:-}" ]; then
  echo "error: this is a batch script of Slurm: sbatch $0" >&2
  exit 2
fi
for program in mtl-search ray python; do
  if ! command -v "$program" >/dev/null; then
    echo "error: there is no $program on $(hostname): name the Python environment of mtl-search" \
      "by --environment, or the lines that activate it by --setup" >&2
    exit 2
  fi
done
say "job $SLURM_JOB_ID on $SLURM_JOB_NODELIST, start ${SLURM_RESTART_COUNT:-0}"
umask "${MTL_SEARCH_UMASK:-077}" || exit 2 # of the sweep: its folder, and those above it
mkdir -p "$output" || exit 2
umask 077
output=$(cd "$output" && pwd)
# Token and logs of the job's Ray: a folder that all nodes see, and that ends with the job.
private=$(dirname "$output")/.slurm-$SLURM_JOB_ID
rm -rf "$private"
mkdir -m 700 "$private" || exit 2

# A token of the job's own: other users of these nodes cannot use its Ray.
unset RAY_AUTH_TOKEN RAY_ADDRESS
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$private/token
od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$RAY_AUTH_TOKEN_PATH"

# The address of this node, as the other ones know it.
if [ -z "$address" ]; then
  name=$(scontrol show node "$SLURMD_NODENAME" | sed -n 's/.*NodeAddr=\([^ ]*\).*/\1/p')
  address=$(getent ahostsv4 "${name:-$SLURMD_NODENAME}" | awk '$1 !~ /^127\./ {print $1; exit}')
  address=${address:-$(hostname -I | awk '{print $1}')}
fi
# At its end nothing on a node is worth a wait.
export RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S=0
# Three ports of the job's own; the operating system chooses all others.
is_taken() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }
port=$((20000 + SLURM_JOB_ID % 4000 * 3))
for _ in {1..50}; do
  is_taken "$address" "$port" || is_taken 127.0.0.1 "$((port + 1))" ||
    is_taken "$address" "$((port + 2))" || break
  port=$((20000 + (port - 20000 + 3) % 12000))
done

# Run a node of the job's Ray until it ends or gets SIGTERM: a name, and arguments of `ray start`.
start_node() {
  local folder=/tmp/mtl-$SLURM_JOB_ID-$1 ray memory=()
  # Ray would count the whole node's memory.
  if [ "${SLURM_MEM_PER_NODE:-0}" -gt 0 ]; then
    memory=(--memory "$((SLURM_MEM_PER_NODE * 700000))"
      --object-store-memory "$((SLURM_MEM_PER_NODE * 300000))")
  fi
  rm -rf "$folder"
  mkdir -m 700 "$folder" || return 1 # it is another user's
  ray start "${@:2}" "${memory[@]}" --num-cpus "$cpus" --num-gpus "$gpus" \
    --dashboard-agent-listen-port 0 --min-worker-port 0 --max-worker-port 0 \
    --temp-dir "$folder/ray" --disable-usage-stats --block >"$private/$1.log" 2>&1 &
  ray=$!
  trap 'kill "$ray" 2>/dev/null' TERM INT
  wait "$ray" || wait "$ray" # the first one ends with the signal
  for _ in {1..20}; do # its last processes may still write
    rm -rf "$folder" 2>/dev/null && break
    sleep 0.5
  done
}

stop_ray() {
  local left
  kill "$head" 2>/dev/null
  if [ -n "$others" ]; then # srun would kill its nodes without the time to tidy up
    scancel --signal TERM "$SLURM_JOB_ID.0" 2>/dev/null
  fi
  for left in $others "$head"; do
    for _ in {1..100}; do # 20 seconds: srun may wait for a node that is gone
      kill -0 "$left" 2>/dev/null || break
      sleep 0.2
    done
    kill -KILL "$left" 2>/dev/null
  done
  rm -rf "$private"
}

# The sweep stops in order at both signals. SIGUSR1 comes before the time limit, and then the job
# goes back into the queue; SIGTERM comes from scancel, and before a preemption.
signals=0 time_is_up=0 sweep='' told=''
# shellcheck disable=SC2329 # the traps call it
on_signal() {
  signals=$((signals + 1))
  stop_sweep
}
stop_sweep() { # once: a second signal would not let it save
  if [ -n "$sweep" ] && [ -z "$told" ]; then
    told=yes
    say 'a signal: the sweep stops in order'
    kill -TERM "$sweep" 2>/dev/null
  fi
}
trap on_signal TERM
trap 'time_is_up=1; on_signal' USR1

(start_node head --head --node-ip-address "$address" --port "$port" \
  --dashboard-port "$((port + 1))" --ray-client-server-port "$((port + 2))" \
  --include-dashboard "$dashboard") &
head=$! others=''
until is_taken "$address" "$port" || [ "$signals" -gt 0 ]; do
  if ! kill -0 "$head" 2>/dev/null; then
    echo "error: Ray does not start on $(hostname):" >&2
    tail -n 20 "$private/head.log" >&2
    stop_ray
    exit 1
  fi
  sleep 0.2
done
count=$((SLURM_JOB_NUM_NODES - 1))
if [ "$count" -gt 0 ] && [ "$signals" -eq 0 ]; then
  export -f start_node
  export private cpus gpus address port
  # A node that fails ends neither the job nor the other ones.
  # shellcheck disable=SC2016 # these are variables of the other nodes
  srun --nodes "$count" --ntasks "$count" --ntasks-per-node 1 --cpus-per-task "$cpus" \
    --exclude "$SLURMD_NODENAME" --export ALL --no-kill --kill-on-bad-exit=0 --wait 0 --input none \
    bash -c 'start_node "node-$SLURM_NODEID" --address "$address:$port"' &
  others=$!
fi
if [ "$signals" -eq 0 ]; then
  python -m mtl_search.jobs.waiting "$address:$port" "$SLURM_JOB_NUM_NODES" 120 &
  wait "$!" # so that a signal is heard meanwhile
  if [ $? -eq 3 ]; then
    echo "warning: the sweep begins without the nodes that have not joined; their last lines:" >&2
    tail -n 3 "$private"/node-*.log >&2
  fi
fi

status=130
if [ "$signals" -eq 0 ]; then
  arguments+=(--address "$address:$port" --output "$output")
  if [ -s "$output/journal.jsonl" ]; then
    arguments+=(--resume)
  fi
  set -m # or the sweep would ignore SIGINT, by which it stops in order
  mtl-search run "${arguments[@]}" &
  sweep=$!
  set +m
  if [ "$signals" -gt 0 ]; then stop_sweep; fi # it came before the sweep
  while :; do
    before=$signals
    wait "$sweep"
    status=$?
    if [ "$signals" -eq "$before" ]; then break; fi
  done
fi
say "mtl-search ended with status $status"
stop_ray

if [ "$status" -eq 130 ]; then
  if [ "$time_is_up" -eq 1 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt "$restarts" ]; then
    say "the time limit is near: job $SLURM_JOB_ID goes back into the queue, and then goes on"
    scontrol requeue "$SLURM_JOB_ID"
  else
    say "the sweep goes on by: sbatch SCRIPT $output"
  fi
fi
exit "$status"
