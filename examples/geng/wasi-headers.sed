# What nauty's ./configure would answer for wasm32-wasi, filled into its three *-in.h templates.
# (configure itself has to run the programs it compiles, so it cannot answer for another machine.)
# A C99 library with 32-bit int, long and pointers, and no processes, signals or threads.
s/@PACKAGE_VERSION@/2.8.6/
s/@configure_input@/Filled in by wasi-headers.sed/
s/@edit_msg@/Generated: edit the template instead/
s/@header_sys_wait_h@/0/
s/@header_signal_h@/0/
s/@header_[a-z_]*_h@/1/
s/@malloc_dec@/1/
s/@has_math_inf@/1/
s/@stdio_nolock@/0/
s/@default_wordsize@/32/
s/@tls_supported@/0/
s/@use_tls@//
s/@ac_cv_tls@//
s/@flex_array_ok@/1/
s/@ac_cv_sys_file_offset_bits@/0/
s/@ac_cv_sizeof_int@/4/
s/@ac_cv_sizeof_long@/4/
s/@ac_cv_sizeof_voidp@/4/
s/@ac_cv_sizeof___int128_t@/0/
s/@ac_cv_sizeof___int128@/0/
s/@is_ARM64@/0/
s/@have_perror@/1/
s/@have_clock@/0/
s/@have_time@/1/
s/@have_fseeko@/1/
s/@have_clz[l]*@/1/
s/@have_popcnt[l]*@/1/
s/@have_[a-z0-9_]*@/0/
s/@popen_dec@/0/
s/@\(ftell\|fdopen\|putenv\|setenv\)_dec@/1/
s/@sort_prog@/sort/
s/@sort_newparams_ok@/1/
s/@allow_interrupt@/0/
