export const id = 400;
export const ids = [400];
export const modules = {

/***/ 9400:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   proxiedFetch: () => (/* binding */ proxiedFetch)
/* harmony export */ });
/* harmony import */ var undici_lib_dispatcher_env_http_proxy_agent_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(3137);
/* harmony import */ var undici_lib_web_fetch_index_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(4398);
// How requests to GitHub are sent: by undici's fetch, through the runner's proxy. Loaded with GitHub's client.


const dispatcher = new undici_lib_dispatcher_env_http_proxy_agent_js__WEBPACK_IMPORTED_MODULE_0__();
const proxiedFetch = (resource, options) => undici_lib_web_fetch_index_js__WEBPACK_IMPORTED_MODULE_1__.fetch(resource, { ...options, dispatcher });


/***/ })

};
