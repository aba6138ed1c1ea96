cimport cython

cdef class Recorded:
    cdef object __weakref__
    cdef public object _first, _second, _data, _grad, _label, _to_first, _to_second, primitive
    cdef public long long made
    cdef Py_ssize_t place  # in recorded.h's list; the last field

cdef Py_ssize_t PAGE, BITS

@cython.locals(
    top="long long", i=Py_ssize_t, j=Py_ssize_t, place="long long", page="long long", here="long long",
    latest="long long", at=Py_ssize_t, edge=Py_ssize_t, count=Py_ssize_t, many=bint, nodes=list, adjoints=list, there=list,
    arrived=list,
)
cpdef swept(Recorded result)
