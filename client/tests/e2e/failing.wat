;; Fails as its first argument's first letter says: trap, exit, write, loop, memory; else prints "ok".
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  ;; At 0 the arguments' addresses, at 64 their text, at 1024 a vector of 4 KiB at 4096.
  (data (i32.const 1024) "\00\10\00\00\00\10\00\00")
  ;; At 1032 a vector of the 3 bytes at 2048.
  (data (i32.const 1032) "\00\08\00\00\03\00\00\00")
  (data (i32.const 2048) "ok\n")
  (func $write (param $vector i32)
    (drop (call $fd_write (i32.const 1) (local.get $vector) (i32.const 1) (i32.const 1040))))
  (func (export "_start") (local $how i32)
    (drop (call $args_get (i32.const 0) (i32.const 64)))
    (local.set $how (i32.load8_u (i32.load (i32.const 4))))
    (if (i32.eq (local.get $how) (i32.const 116)) (then unreachable))
    (if (i32.eq (local.get $how) (i32.const 101)) (then (call $proc_exit (i32.const 3))))
    (if (i32.eq (local.get $how) (i32.const 119))
      (then (loop $more (call $write (i32.const 1024)) (br $more))))
    (if (i32.eq (local.get $how) (i32.const 108)) (then (loop $more (br $more))))
    ;; More than the job may have: growing fails, and the program gives up.
    (if (i32.eq (local.get $how) (i32.const 109))
      (then (if (i32.eq (memory.grow (i32.const 32)) (i32.const -1)) (then unreachable))))
    (call $write (i32.const 1032))))
