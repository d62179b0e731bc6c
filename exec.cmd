@rem Windows has no exec, the word of POSIX shells by which npm's signals reach the program that a script starts.
@%*
