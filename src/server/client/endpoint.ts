/** A service as its clients reach it. */
export interface MandateEndpoint {
  /** Such as `http://127.0.0.1:8645`; with `/<chain id>` where it serves several chains. */
  url: string;
  /** A bearer token, from `zkmandate token new`. */
  token: string;
}
