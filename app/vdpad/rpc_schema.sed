# SPDX-License-Identifier: BSD-3-Clause
# Lines of text to lines of a string in C.
s/\\/&&/g
s/"/\\"/g
s/.*/"&\\n"/
