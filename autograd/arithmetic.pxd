from autograd.recorded cimport Recorded

cdef class Arithmetic(Recorded):
    pass

cdef extern from "recorded.h":
    int prepare_class "chainrule_prepare"(type kind, type base) except -1
